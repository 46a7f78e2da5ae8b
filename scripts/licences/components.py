"""Everything that Hearth is built from: locked packages, the pages' scripts, models."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, metadata
from pathlib import Path

from hearth.inference.models.manifest import shipped
from hearth.web.vendor import PACKAGES

ROOT = Path(__file__).resolve().parents[2]
REQUIREMENTS = ROOT / "app" / "requirements"
SHIPPED = ("base.txt", "models.txt", "torch.txt", "sample.txt", "systemd.txt")
FOR_TESTS = ("dev.txt",)
_PINNED = re.compile(r"^([A-Za-z0-9._-]+)(?:\[[^]]*\])?==([^\s;]+)")
_HASH = re.compile(r"--hash=sha256:([0-9a-f]{64})")
# Classifiers that name exactly one licence; "BSD License", for one, does not.
_CLASSIFIED = {
    "License :: OSI Approved :: Apache Software License": "Apache-2.0",
    "License :: OSI Approved :: MIT License": "MIT",
    "License :: OSI Approved :: Mozilla Public License 2.0 (MPL 2.0)": "MPL-2.0",
}
_SPDX_WORDS = re.compile(r"[A-Za-z0-9.+-]+( (AND|OR|WITH) [A-Za-z0-9.+-]+)*")


@dataclass(frozen=True)
class Component:
    """One of them. `licence` is an SPDX expression, or "" where nobody states one."""

    kind: str  # pypi, npm or model
    name: str
    version: str
    licence: str
    hashes: tuple[str, ...] = ()  # sha256, hex


def packages(files: tuple[str, ...], stated: Mapping[str, str]) -> list[Component]:
    """The locked Python packages of some requirements files, by name."""
    found = {}
    for file in files:
        for name, version, hashes in _pinned(REQUIREMENTS / file):
            licence = stated.get(name) or _declared(name)
            found[name] = Component("pypi", name, version, licence, hashes)
    return [found[name] for name in sorted(found)]


def scripts(stated: Mapping[str, str]) -> list[Component]:
    """The scripts that the pages load, from npm."""
    return [
        Component("npm", package.name, package.version, stated.get(package.name, ""))
        for package in PACKAGES
    ]


def models() -> list[Component]:
    """The models of the manifest."""
    return [
        Component(
            "model",
            model.name,
            "",
            model.licence,
            tuple(file.sha256 for file in model.files if file.sha256),
        )
        for model in shipped().models.values()
    ]


def _pinned(path: Path) -> Iterator[tuple[str, str, tuple[str, ...]]]:
    for block in re.split(r"^(?=\w)", path.read_text(encoding="utf-8"), flags=re.MULTILINE):
        if pinned := _PINNED.match(block):
            yield pinned[1], pinned[2], tuple(_HASH.findall(block))


def _declared(name: str) -> str:
    try:
        declared = metadata(name)
    except PackageNotFoundError:
        return ""
    for expression in declared.get_all("License-Expression", []):
        return str(expression)
    lines = declared.get_all("Classifier", [])
    classified = {_CLASSIFIED[line] for line in lines if line in _CLASSIFIED}
    if len(classified) == 1:
        return classified.pop()
    words = "".join(declared.get_all("License", []))
    return words if _SPDX_WORDS.fullmatch(words) else ""
