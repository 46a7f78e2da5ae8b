"""The packages use the versions and hashes of the lock and the manifest, written there once."""

from __future__ import annotations

import re
import tomllib

import compare_versions as versions
import pytest
from flake_files import ROOT

from hearth.web.vendor import PACKAGES, Package

PKGS = ROOT / "pkgs"
LOCK = {
    package["name"]: package
    for package in tomllib.loads((ROOT / "app" / "poetry.lock").read_text())["package"]
}
POETRY = tomllib.loads((ROOT / "app" / "pyproject.toml").read_text())["tool"]["poetry"]


def text(name: str) -> str:
    return (PKGS / name).read_text()


@pytest.mark.parametrize("package", PACKAGES, ids=lambda package: package.name)
def test_browser_scripts_are_those_that_vendor_pins(package: Package) -> None:
    entry = (
        f'name = "{package.name}";\n      version = "{package.version}";\n'
        f'      hash = "{package.integrity}";\n      member = "{package.member}";'
    )
    assert entry in text("source.nix")
    assert package.member.endswith(f"/{package.file}")  # source.nix keeps the file's name


def test_versions_are_read_from_the_lock() -> None:
    pinned = set(re.findall(r'lock\.version "([\w-]+)"', text("models.nix")))
    assert pinned == set(versions.AS_LOCKED)
    assert pinned == set(re.findall(r'lock\.source "([\w-]+)"', text("models.nix")))
    for name in pinned:
        files = [file["file"] for file in LOCK[name]["files"]]
        assert any(file.endswith(f"-{LOCK[name]['version']}.tar.gz") for file in files), name


def test_the_engine_is_at_the_version_that_the_code_speaks_to() -> None:
    assert POETRY["dependencies"]["llama-cpp-python"]["version"] == "0.3.36"
    assert LOCK["llama-cpp-python"]["version"] == "0.3.36"


def test_the_light_environment_has_no_model_library() -> None:
    extras = re.search(r"extras = \[(.*?)\]", text("light.nix"), re.DOTALL)
    assert extras is not None
    chosen = re.findall(r'"(\w+)"', extras[1])
    brought = {name for extra in chosen for name in POETRY["extras"][extra]}
    assert not brought & set(POETRY["extras"]["models"])
    assert 'groups = [ "main" ]' in text("light.nix")


def test_the_model_environment_has_what_the_extra_names() -> None:
    declared = re.search(r"dependencies = with final; \[(.*?)\]", text("models.nix"), re.DOTALL)
    assert declared is not None
    names = set(declared[1].split())
    assert set(POETRY["extras"]["models"]) <= names
    assert set(versions.IN_BOTH) <= names
    assert names <= LOCK.keys()


def test_both_environments_have_one_python() -> None:
    assert "python = final.python313;" in text("overlay.nix")
    assert POETRY["dependencies"]["python"] == ">=3.11,<3.14"


def test_differences_are_told() -> None:
    same = {"python": "3.13", "hnswlib": "0.8.0"}
    models = same | {"llama-cpp-python": "0.3.36", "sentence-transformers": "6.2.0"}
    assert versions.differences(same, models, models) == []
    assert versions.differences(same | {"hnswlib": "0.7.0"}, models, models) == [
        "hnswlib: 0.7.0 in the light environment, 0.8.0 in the model one"
    ]
    assert versions.differences(same, models, models | {"llama-cpp-python": "0.4.0"}) == [
        "llama-cpp-python: 0.3.36 in the model environment, 0.4.0 in poetry.lock"
    ]


def test_this_environment_is_the_locks() -> None:
    locked = versions.versions_in((ROOT / "app" / "poetry.lock").read_text())
    here = versions.here()
    assert {name: locked[name] for name in versions.IN_BOTH} == {
        name: here[name] for name in versions.IN_BOTH
    }
