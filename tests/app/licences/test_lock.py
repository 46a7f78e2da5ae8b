"""The lock fits pyproject.toml, and the exported requirements fit the lock."""

from __future__ import annotations

import hashlib
import json
import tomllib
from typing import Any

import pytest
from licences.components import FOR_TESTS, REQUIREMENTS, ROOT, SHIPPED, packages

APP = ROOT / "app"
APART = ("torch", "triton", "nvidia-", "cuda-")  # the build for processors needs none of them
EXPORTS = tuple(name for name in (*SHIPPED, *FOR_TESTS) if name != "torch.txt")


@pytest.fixture(scope="module")
def lock() -> dict[str, Any]:
    """app/poetry.lock."""
    return tomllib.loads((APP / "poetry.lock").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def poetry() -> dict[str, Any]:
    """The part of pyproject.toml that Poetry reads."""
    text = (APP / "pyproject.toml").read_text(encoding="utf-8")
    settings: dict[str, Any] = tomllib.loads(text)["tool"]["poetry"]
    return settings


def test_lock_was_made_from_this_pyproject(lock: dict[str, Any], poetry: dict[str, Any]) -> None:
    # As Poetry 1.8 computes it: poetry/packages/locker.py, _get_content_hash.
    keys = ("dependencies", "source", "extras", "dev-dependencies")
    relevant = {key: poetry.get(key) for key in keys} | {"group": poetry["group"]}
    digest = hashlib.sha256(json.dumps(relevant, sort_keys=True).encode()).hexdigest()
    assert lock["metadata"]["content-hash"] == digest, "renew it: make lock"


def test_exports_have_the_locks_versions_and_hashes(lock: dict[str, Any]) -> None:
    locked = {package["name"]: package for package in lock["package"]}
    for exported in packages(EXPORTS, {}):
        package = locked[exported.name]
        hashes = {file["hash"].removeprefix("sha256:") for file in package["files"]}
        assert (exported.version, set(exported.hashes)) == (package["version"], hashes)


def test_every_locked_package_is_exported_but_torchs_companions(lock: dict[str, Any]) -> None:
    exported = {package.name for package in packages(EXPORTS, {})}
    missing = {package["name"] for package in lock["package"]} - exported
    assert all(name.startswith(APART) for name in missing), missing


def test_torch_is_the_locked_version_built_for_processors(lock: dict[str, Any]) -> None:
    (version,) = [p["version"] for p in lock["package"] if p["name"] == "torch"]
    assert (REQUIREMENTS / "torch.txt").read_text() == f"torch=={version}+cpu\n"
