"""`hearth models plan`: what it prints and how it exits."""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
from flake_files import ROOT
from gguf_files import Chat, write
from typer.testing import CliRunner, Result

from hearth.cli.models import app
from hearth.config import load

SMALL = "smollm2-135m-instruct"


@pytest.fixture
def config(models_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A configuration that names the small model."""
    path = tmp_path / "hearth.toml"
    path.write_text(
        f'models_dir = "{models_dir}"\n[engines.default]\nchat_model = "{SMALL}"\ncontext = 4096\n'
    )
    monkeypatch.setenv("HEARTH_CONFIG", str(path))
    monkeypatch.setenv("COLUMNS", "80")
    return path


def run(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["plan", *arguments])


def figures(*arguments: str, exit_code: int = 0) -> Any:
    result = run(*arguments, "--json")
    assert result.exit_code == exit_code, result.output
    return json.loads(result.stdout)


def test_the_configuration_is_planned(config: Path) -> None:
    result = run("--ram", "8G")
    assert result.exit_code == 0
    assert f"{SMALL}, context 4,096, at most 65,536\n  RAM " in result.stdout
    assert "all-minilm-l6-v2, for embedding\n  RAM " in result.stdout
    assert "RAM: 6.0 of 8.0 GiB for models; 2.0 stay for the house.\nNo GPU." in result.stdout
    assert max(map(len, result.stdout.splitlines())) <= 80
    assert run("--config", str(config), "--ram", "8G").stdout == result.stdout
    two = figures("--ram", "8G")
    assert [row["where"] for row in two["models"]] == ["ram", "ram"]
    assert not two["models"][0]["estimated"]


def test_the_settings_can_be_used(config: Path, tmp_path: Path) -> None:
    big = write(tmp_path / "mistral.gguf", Chat().values(), Chat().tensors())
    result = run(str(big), SMALL, "--gpu", "4G", "--gpu", "2G", "--ram", "8G")
    assert result.exit_code == 0
    assert "of 33 layers are on GPUs; the rest is slower." in result.stdout
    assert "that was not measured" in result.stdout
    toml, nix = result.stdout.split("In hearth.toml:\n")[1].split("On a box:\n")
    values = tomllib.loads(toml)["engines"]["default"]
    assert values["gpus"] == [0, 1]
    assert values["tensor_split"] == [4, 2]
    assert values["models"][SMALL]["context"] == 16_384
    config.write_text(toml.replace("mistral", SMALL))
    assert load(config).engines["default"].gpu_layers == values["gpu_layers"]
    assert "    gpus = [ 0 1 ];\n    gpuLayers = " in nix
    assert f'services.hearth.engines.default.models."{SMALL}" = {{' in nix


def test_a_unit_sees_the_gpus_of_all_its_models(config: Path, tmp_path: Path) -> None:
    big = write(tmp_path / "mistral.gguf", Chat().values(), Chat().tensors())
    result = run(str(big), str(big), "--gpu", "9G", "--gpu", "8G", "--ram", "8G")
    assert "= {\n    chatModel" in result.stdout
    assert "    gpus = [ 0 1 ];\n    chatGpus = [ 1 ];\n  };\n" in result.stdout


def test_the_guide_shows_what_is_printed(config: Path) -> None:
    page = (ROOT / "docs" / "models.md").read_text()
    found = re.search(r"```console\n\$ hearth models plan (.*)\n(?s:(.*?))```", page)
    assert found
    assert run(*found[1].split()).stdout == found[2]


def test_what_does_not_fit_is_told(config: Path) -> None:
    result = run("qwen2.5-coder-1.5b-instruct", "--ram", "2.5G", "--context", "2048")
    assert result.exit_code == 2
    assert "does not fit: it needs " in result.stdout
    result = run(SMALL, "--ram", "3G", "--context", "1000000")
    assert result.exit_code == 2
    assert "does not fit: lower `context` to " in result.stdout
    (row,) = figures(SMALL, "--ram", "3G", "--context", "1000000", exit_code=2)["models"]
    assert row["where"] == "nowhere"
    assert 8_192 < row["largest_context"] < 65_536


def test_a_model_that_is_not_here_is_estimated(config: Path) -> None:
    result = run("qwen3-14b", "--gpu", "24G", "--ram", "32G")
    assert result.exit_code == 0
    assert "qwen3-14b (estimate), context 16,384" in result.stdout
    assert "pull the model for exact figures" in result.stdout
    (row,) = figures("qwen3-14b", "--gpu", "24G", "--ram", "32G")["models"]
    assert (row["where"], row["estimated"]) == ("gpu", True)
    assert row["settings"] == {"chat_model": "qwen3-14b", "context": 16_384, "gpus": [0]}


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (("nope",), 4, "no model 'nope'"),
        (("/nowhere/m.gguf",), 4, "no such file"),
        ((SMALL, "--ram", "much"), 3, "'much' is no size"),
        ((SMALL, "--gpu", "0"), 3, "'0' is no size"),
        (("--config", "/nowhere.toml"), 2, "no such file"),
        ((SMALL, "--context", "5"), 2, "--context"),
    ],
)
def test_exit_codes(config: Path, arguments: tuple[str, ...], code: int, words: str) -> None:
    result = run(*arguments)
    assert result.exit_code == code
    assert words in result.stderr.replace("\n", " ")


def test_a_damaged_file_is_named(config: Path, tmp_path: Path) -> None:
    path = tmp_path / "broken.gguf"
    path.write_bytes(b"GGUF" + b"\xff" * 99)
    result = run(str(path), "--json")
    assert result.exit_code == 7
    assert json.loads(result.stdout)["error"]["where"] == str(path)
