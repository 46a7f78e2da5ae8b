"""The flake's inputs: which are real, and what poetry2nix makes of the lock where it is."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from lab.nix import Nix, NixError
from lab.said import say
from lab.words import cause, table

REAL = "real"
_LISTS = ("base", "sample", "systemd")
# poetry2nix puts nixpkgs' own in its place.
_OF_NIXPKGS = {"packaging"}
_NAME = re.compile(r"[A-Za-z0-9][\w.-]*(?===)")


def is_real(origin: str) -> bool:
    """Tell whether an input's origin (see stand-in/inputs.nix) is no stand-in."""
    return origin.startswith(REAL)


def required(text: str) -> set[str]:
    """Return the packages of a requirements list, without those of other systems."""
    lines = [line for line in text.splitlines() if "Windows" not in line and "win32" not in line]
    names = filter(None, map(_NAME.match, lines))
    return {re.sub(r"[-_.]+", "-", name[0]).lower() for name in names}


def missing(found: dict[str, Any], project: Path) -> list[str]:
    """Return what the light environment needs and poetry2nix has no file for."""
    lists = [project / "app/requirements" / f"{name}.txt" for name in _LISTS]
    wanted = set().union(*(required(file.read_text()) for file in lists))
    return sorted(wanted - found.keys() - _OF_NIXPKGS)


def _lock_is_wrong(tool: Nix) -> bool:
    try:
        found = tool.evaluate(tool.expression("evaluate/lock.nix"))
    except NixError as error:
        say(f"poetry2nix: {cause(str(error))}")
        return True
    wheels = sum(package["file"].endswith(".whl") for package in found.values())
    print(f"poetry2nix: {len(found)} packages in the light environment, {wheels} of them wheels")
    if lacking := missing(found, tool.project):
        say(f"poetry2nix has no file for {', '.join(lacking)}")
    return bool(lacking)


def shown(tool: Nix, origins: dict[str, str]) -> bool:
    """Print the table of inputs; tell whether something is wrong with them."""
    print(table([["input", ""], *([name, origin] for name, origin in sorted(origins.items()))]))
    return is_real(origins["poetry2nix"]) and _lock_is_wrong(tool)
