"""What a run is given: machines, their networks and a script."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from lab.root import root


@dataclass(frozen=True)
class NixosNode:
    """A machine that starts NixOS's own init. `toplevel` is a path of the lab's store."""

    toplevel: str


@dataclass(frozen=True)
class DebianNode:
    """A machine that starts Debian's init over a rendering, with some of Debian's own units.

    `versions` are renderings by name that it can be switched to; it starts with the first, which
    is `tree`.
    """

    tree: Path | None = None
    enable: tuple[str, ...] = ()
    versions: dict[str, Path] = field(default_factory=dict)


@dataclass(frozen=True)
class Node:
    """One machine. `binds` maps a path on the machine to one here, mounted read-only."""

    name: str
    number: int
    vlans: tuple[int, ...]
    kind: NixosNode | DebianNode
    binds: dict[str, Path] = field(default_factory=dict)

    def address(self, vlan: int) -> str:
        """Return the address on a network, as nixpkgs' test framework gives it."""
        return f"192.168.{vlan}.{self.number}"


@dataclass(frozen=True)
class Specification:
    """A whole run. `store` is the folder behind NixOS machines' /nix/store."""

    name: str
    root: Path
    script: str
    nodes: tuple[Node, ...]
    store: Path | None = None


def _kind(given: dict[str, Any], base: Path) -> NixosNode | DebianNode:
    if "toplevel" in given:
        return NixosNode(given["toplevel"])
    tree = base / given["tree"] if given.get("tree") else None
    versions = {name: base / path for name, path in given.get("versions", {}).items()}
    return DebianNode(tree, tuple(given.get("enable", ())), versions)


def specification(text: str, base: Path) -> Specification:
    """Read a specification; relative paths in it begin at `base`.

    Shape: {name, root?, script | script_file, store?, nodes: {NAME: {toplevel | tree?, enable?,
    versions?, vlans?, binds?}}}. Nodes are numbered by name, as nixpkgs does. Without
    a root the lab's is taken, and made first where there is none.
    """
    given = json.loads(text)
    script = given.get("script") or (base / given["script_file"]).read_text()
    nodes = tuple(
        Node(
            name=name,
            number=number,
            vlans=tuple(node.get("vlans", [1])),
            kind=_kind(node, base),
            binds={inside: base / outside for inside, outside in node.get("binds", {}).items()},
        )
        for number, (name, node) in enumerate(sorted(given["nodes"].items()), start=1)
    )
    store = Path(given["store"]) if given.get("store") else None
    floor = Path(given["root"]) if given.get("root") else root()
    return Specification(given["name"], floor, script, nodes, store)
