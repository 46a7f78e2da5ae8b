"""The stamp of the rendering: what produced it, so that a stale one is found out."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

# Every file below the folders, and the files themselves.
FOLDERS = ("hosts", "modules", "pkgs")
FILES = ("app/hearth/inference/models/models.toml", "flake.nix")
TESTS = "tests/nixos"
REMEDY = "Run `make render NIXPKGS=DIR` and commit tests/rendered."


def sources(project: Path) -> list[Path]:
    """Return the files that the rendering is made from, in order."""
    found = [
        file
        for folder in FOLDERS
        for file in (project / folder).rglob("*")
        if file.is_file() and "__pycache__" not in file.parts
    ]
    found += (project / TESTS).glob("*.nix")
    found += (project / TESTS / "variants").glob("*.nix")
    found += [project / name for name in FILES if (project / name).is_file()]
    return sorted(found)


def digest(project: Path, files: Iterable[Path]) -> str:
    """Return the SHA-256 over the names and contents of some files."""
    total = hashlib.sha256()
    for file in files:
        name = file.relative_to(project).as_posix()
        content = hashlib.sha256(file.read_bytes()).hexdigest()
        total.update(f"{content}  {name}\n".encode())
    return total.hexdigest()


def stamp(project: Path, nixpkgs: str) -> dict[str, Any]:
    """Return the stamp of the project as it is."""
    return {"sources": digest(project, sources(project)), "nixpkgs": nixpkgs}


def stale(project: Path, text: str) -> str | None:
    """Return what is wrong with a stamp, with the remedy, or None."""
    if json.loads(text)["sources"] == digest(project, sources(project)):
        return None
    return f"tests/rendered was made from other sources than these. {REMEDY}"
