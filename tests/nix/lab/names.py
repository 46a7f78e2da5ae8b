"""Collects the package names that NixOS modules mention, so that the stand-in set can have them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

_ID = r"[A-Za-z_][\w'-]*"
_PATH = rf"{_ID}(?:\.{_ID})*"
_WORDS = frozenset(
    {"assert", "builtins", "config", "else", "false", "if", "in", "inherit", "let", "lib"}
    | {"null", "or", "pkgs", "rec", "then", "true", "with"}
)
# A set's own furniture, which the stand-in makes by hand.
_NOT_PACKAGES = ("config", "lib", "path", "stdenv", "system")
_UNIT_KINDS = "service|target|socket|mount|timer|path|slice|automount|link|network"

_USE = re.compile(rf"(?<![\w.'-])(?:\w*[pP]kgs\w*'?|buildPackages)((?:\.{_ID})+)")
_INHERIT = re.compile(rf"inherit\s*\(\s*(?:pkgs|hostPkgs)((?:\.{_ID})*)\s*\)([^;]*);")
_WITH = re.compile(rf"with\s+(?:pkgs|hostPkgs)((?:\.{_ID})*)\s*;")
_WITH_SUBSET = re.compile(r"with\s+(\w+Packages)\s*;")
_SUBSET = re.compile(rf"(?<![\w.'-])(\w+Packages)((?:\.{_ID})+)")
_OPTION = re.compile(r'mkPackageOption\s+pkgs(?:\.\w+)?\s+(?:"([\w-]+)"|\[([^\]]*)\])')
_CALL = re.compile(rf"[=(:]\s*(?:with [\w.]+; )?pkgs\w*\.({_PATH})\s+[{{(\"\w]")
_ATTRIBUTE = re.compile(rf"(?:[pP]ackage|Package)\.({_ID})(?!\s*=)")
_UNIT = re.compile(rf'"([\w@.-]+\.(?:{_UNIT_KINDS}))"')
_BARE = re.compile(rf"(?<![\w.'\"$/-]){_PATH}")


@dataclass
class Names:
    """What some Nix files say about packages."""

    tree: dict[str, Any] = field(default_factory=dict)
    attributes: set[str] = field(default_factory=set)
    functions: set[str] = field(default_factory=set)
    units: set[str] = field(default_factory=set)

    def add(self, path: list[str]) -> None:
        """Note a package by its path below pkgs."""
        if path and re.fullmatch(r"buildPackages|pkgs[A-Z]\w*", path[0]):
            path = path[1:]
        below = self.tree
        for name in path:
            below = below.setdefault(name, {})

    def json(self) -> str:
        """Return what stand-in/default.nix reads."""
        tree = {name: below for name, below in self.tree.items() if name not in _NOT_PACKAGES}
        return json.dumps(
            {
                "tree": tree,
                "attributes": sorted(self.attributes),
                "functions": sorted(self.functions),
                "units": sorted(self.units),
            },
            sort_keys=True,
        )


def without_comments(text: str) -> str:
    """Return Nix text without its comments."""
    text = re.sub(r"/\*.*?\*/", " ", text, flags=re.DOTALL)
    return re.sub(r"(^|\s)#[^\n]*", r"\1", text)


def _block(text: str, start: int) -> str:
    """Return the bracket or expression that follows a `with X;`."""
    opening = re.compile(r"\s*([\[({])").match(text, start)
    if not opening:
        return text[start : text.find(";", start) + 1 or None]
    depth = 0
    for position in range(opening.start(1), len(text)):
        if text[position] in "[({":
            depth += 1
        elif text[position] in "])}":
            depth -= 1
            if not depth:
                return text[opening.start(1) : position + 1]
    return text[start:]


def _split(path: str) -> list[str]:
    return [part for part in path.split(".") if part]


def _paths(text: str) -> Iterator[list[str]]:
    """Yield every package path that a module's text mentions."""
    for use in _USE.finditer(text):
        yield _split(use[1])
    for use in _INHERIT.finditer(text):
        for name in re.findall(_ID, use[2]):
            yield [*_split(use[1]), name]
    for use in _WITH.finditer(text):
        for name in _BARE.findall(_block(text, use.end())):
            if (path := name.split("."))[0] not in _WORDS:
                yield _split(use[1]) + path
    for use in _OPTION.finditer(text):
        yield [use[1]] if use[1] else re.findall(r'"([^"]+)"', use[2])
    for use in _WITH_SUBSET.finditer(text):
        for name in re.findall(rf"(?<![\w.'\"$/-]){_ID}", _block(text, use.end())):
            yield [use[1], name]
    for use in _SUBSET.finditer(text):
        yield [use[1], *_split(use[2])]
    if "pkgs.${" in text:  # names chosen at run time: every plain string may be one
        for name in re.findall(rf'"({_ID})"', text):
            yield [name]


def read(names: Names, text: str, *, boots: bool) -> None:
    """Add what one module mentions; `boots`: it lies where systemd's own units are listed."""
    text = without_comments(text)
    for path in _paths(text):
        names.add(path)
    names.functions.update(use[1] for use in _CALL.finditer(text))
    names.attributes.update(use[1] for use in _ATTRIBUTE.finditer(text))
    if boots or "pstream" in text:
        names.units.update(_UNIT.findall(text))


def collect(folders: list[Path], more: str = "") -> Names:
    """Read every Nix file below some folders; `more` adds paths, one a line."""
    names = Names()
    for folder in folders:
        for file in sorted(file for file in folder.rglob("*.nix") if file.is_file()):
            read(names, file.read_text(errors="replace"), boots="/system/boot/" in str(file))
    for line in more.splitlines():
        if path := line.split("#")[0].strip():
            names.add(path.split("."))
    return names
