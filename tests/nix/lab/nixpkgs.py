"""Where the modules come from: the tree that NIXPKGS names."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from lab.said import LabError

HOW_TO_GET_ONE = (
    "No nixpkgs given: run with NIXPKGS=DIR, where DIR is a nixpkgs checkout "
    "(git clone --depth 1 --branch nixos-26.05 https://github.com/NixOS/nixpkgs DIR), "
    "or NIXPKGS=flake where nix can fetch this flake's own inputs."
)


@dataclass(frozen=True)
class Nixpkgs:
    """A tree of modules: `tree` holds lib and nixos, `builders` what nixpkgs keeps in pkgs.

    `inputs` is a folder with checkouts of the flake's other inputs, each under its name.
    """

    tree: Path
    builders: Path
    source: str
    inputs: Path | None = None


def nixpkgs(given: str | None) -> Nixpkgs:
    """Return the tree in a folder: a whole nixpkgs, or nixpkgs/ and aux/pkgs/ beside each other."""
    if not given:
        raise LabError(HOW_TO_GET_ONE)
    folder = Path(given).resolve()
    note = folder / "SOURCE"
    source = note.read_text().strip() if note.is_file() else "unknown"
    inputs = folder / "inputs" if (folder / "inputs").is_dir() else None
    if (folder / "nixpkgs/nixos").is_dir():
        return Nixpkgs(folder / "nixpkgs", folder / "aux/pkgs", source, inputs)
    if (folder / "nixos").is_dir() and (folder / "pkgs").is_dir():
        return Nixpkgs(folder, folder / "pkgs", source, inputs)
    raise LabError(f"{folder} holds no nixpkgs: neither nixos/ and pkgs/ nor nixpkgs/nixos/.")


def from_environment() -> Nixpkgs:
    """Return the tree that the variable NIXPKGS names."""
    return nixpkgs(os.environ.get("NIXPKGS"))
