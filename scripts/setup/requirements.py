"""Reads the requirements that were exported from the lock: a version and its hashes each."""

from __future__ import annotations

import re
from collections.abc import Collection
from pathlib import Path

from show import ROOT

FOLDER = ROOT / "app" / "requirements"
_NAME = re.compile(r"^([a-z0-9._-]+)(\[[a-z0-9,._-]+\])?==", re.IGNORECASE)


def of(file: str) -> dict[str, str]:
    """Each requirement with its hashes as pip reads it, by the package's name."""
    found: dict[str, str] = {}
    name = ""
    for line in (FOLDER / file).read_text(encoding="utf-8").splitlines(keepends=True):
        if start := _NAME.match(line):
            name = start[1]
            found[name] = line
        elif name:
            found[name] += line
    return found


def write(path: Path, file: str, leave_out: Collection[str]) -> int:
    """Copy a requirements file without some packages; how many remain."""
    kept = [text for name, text in of(file).items() if name not in leave_out]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(kept), encoding="utf-8")
    return len(kept)
