"""What is known of a model: its manifest, its hashes, given or pinned, and its files."""

from __future__ import annotations

from pathlib import Path

import pytest
from model_shop import WEIGHTS, Shop, manifest, sha, stock

from hearth.core.errors import BadInput, Damaged, NotFound
from hearth.inference.models.library import Library
from hearth.inference.models.manifest import read, shipped
from hearth.inference.models.pull import pull


def test_without_a_hash_nothing_is_fetched(shop: Shop, tmp_path: Path) -> None:
    stock(shop)
    with pytest.raises(BadInput, match="no hash") as caught:
        pull("tiny", tmp_path, manifest=manifest(files=[{"path": "tiny.gguf"}]))
    assert "--trust-first-use" in str(caught.value.remedy)
    assert shop.requests == []


def test_the_first_use_is_pinned(shop: Shop, tmp_path: Path) -> None:
    stock(shop)
    unknown = manifest(files=[{"path": "tiny.gguf"}])
    path = pull("tiny", tmp_path, manifest=unknown, trust_first_use=True)
    library = Library(tmp_path, unknown)
    assert library.model("tiny").files[0].sha256 == sha(WEIGHTS)
    assert library.verify("tiny") == path
    path.write_bytes(b"z" * len(WEIGHTS))
    with pytest.raises(Damaged):
        library.verify("tiny")


def test_a_given_hash_is_checked_and_pinned(shop: Shop, tmp_path: Path) -> None:
    stock(shop)
    unknown = manifest(files=[{"path": "tiny.gguf"}])
    with pytest.raises(Damaged):
        pull("tiny", tmp_path, manifest=unknown, sha256=[sha(b"another")])
    pull("tiny", tmp_path, manifest=unknown, sha256=[sha(WEIGHTS).upper()])
    assert Library(tmp_path, unknown).model("tiny").files[0].sha256 == sha(WEIGHTS)


def test_a_known_hash_cannot_be_overruled(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="known sha256"):
        pull("tiny", tmp_path, manifest=manifest(), sha256=[sha(b"another")])


def test_a_missing_model_names_the_remedy(tmp_path: Path) -> None:
    library = Library(tmp_path)
    with pytest.raises(NotFound) as caught:
        library.path_of("all-minilm-l6-v2")
    assert caught.value.remedy == "Run `hearth models pull all-minilm-l6-v2`."
    with pytest.raises(NotFound, match="no model 'nope'"):
        library.path_of("nope")


def test_a_truncated_model_is_refused(tmp_path: Path) -> None:
    library = Library(tmp_path, manifest())
    (tmp_path / "tiny").mkdir()
    (tmp_path / "tiny" / "tiny.gguf").write_bytes(WEIGHTS[:-1])
    with pytest.raises(Damaged, match="3000000 bytes expected, got 2999999 bytes"):
        library.path_of("tiny")


def test_every_shipped_model_says_where_it_is_from() -> None:
    for name, model in shipped().models.items():
        assert name == model.name
        assert model.licence == "Apache-2.0"
        assert model.origin.startswith("https://huggingface.co/")
        hashed = [file.sha256 is not None for file in model.files]
        assert all(hashed) or not any(hashed)


def test_a_manifest_cannot_point_outside_its_folder(tmp_path: Path) -> None:
    path = tmp_path / "models.toml"
    path.write_text(
        '[[model]]\nname="x"\ntitle="x"\npurpose="chat"\nlicence="MIT"\norigin="x"\n'
        'files=[{path="../../etc/x"}]\nsources=[{kind="url", url="http://127.0.0.1/x"}]\n'
    )
    with pytest.raises(ValueError, match="path"):
        read(path)


def test_the_small_models_are_whole(models_dir: Path) -> None:
    library = Library(models_dir)
    for name in ("smollm2-135m-instruct", "all-minilm-l6-v2"):
        library.verify(name)


def test_a_given_hash_is_checked_on_what_is_there_already(tmp_path: Path) -> None:
    unknown = manifest(files=[{"path": "tiny.gguf"}])
    path = tmp_path / "tiny" / "tiny.gguf"
    path.parent.mkdir()
    path.write_bytes(b"something else")
    with pytest.raises(Damaged):
        pull("tiny", tmp_path, manifest=unknown, sha256=[sha(WEIGHTS)])
    assert path.read_bytes() == b"something else"
    assert Library(tmp_path, unknown).model("tiny").files[0].sha256 is None
