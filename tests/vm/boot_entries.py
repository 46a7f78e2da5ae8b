"""Boot entries with counters in their names, and what nixpkgs writes into them."""

from __future__ import annotations

import re
from dataclasses import dataclass

_NAME = re.compile(r"nixos-generation-(\d+)(?:\+(\d+)(?:-(\d+))?)?\.conf")


@dataclass(frozen=True)
class Entry:
    """A generation in the boot menu. `left` is None where nothing is counted any more."""

    generation: int
    left: int | None = None
    done: int = 0

    @property
    def file(self) -> str:
        """The entry's file name: "+LEFT-DONE" is the counter (systemd's boot assessment)."""
        if self.left is None:
            return f"nixos-generation-{self.generation}.conf"
        done = f"-{self.done}" if self.done else ""
        return f"nixos-generation-{self.generation}+{self.left}{done}.conf"


def parse(file: str) -> Entry:
    """Read an entry from its file name."""
    found = _NAME.fullmatch(file)
    if found is None:
        raise ValueError(f"{file} is no entry of a generation")
    generation, left, done = found.groups()
    return Entry(int(generation), None if left is None else int(left), int(done or 0))


def sort_key(default: bool) -> str:
    """Return the key by which the loader sorts: nixpkgs puts the default version before others."""
    return "nixor-default" if default else "nixos"


def text(generation: int, init: str, options: str, default: bool) -> str:
    """Return an entry's content, with nixpkgs' keys."""
    lines = [
        "title NixOS",
        f"version Generation {generation}",
        "linux /EFI/nixos/kernel.efi",
        "initrd /EFI/nixos/initrd.efi",
        f"options init={init} {options}",
        f"sort-key {sort_key(default)}",
    ]
    return "\n".join(lines) + "\n"
