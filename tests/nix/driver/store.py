"""The store of a machine that boots a rendering: what its texts name, made of Debian's files."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterable
from pathlib import Path

PREFIX = "/nix/store/" + "0" * 32 + "-"
_NAME = re.compile(re.escape(PREFIX) + r"([A-Za-z0-9+._?=-]+)")
# Under one folder everything that Debian's packages have: bin holds sbin's programs too.
_DEBIAN = "debian"
# A program's name in nixpkgs, and in Debian.
_RENAMED = {"node_exporter": "/usr/bin/prometheus-node-exporter"}


def names(texts: Iterable[str]) -> set[str]:
    """Return the names of all store paths that some texts mention."""
    return {name for text in texts for name in _NAME.findall(text)}


def target(name: str) -> str:
    """Return what a store path links to: the project's own below /opt, all else Debian's."""
    if name.startswith("hearth-weights-"):
        return f"/opt/hearth/weights/{name.removeprefix('hearth-weights-')}"
    if name in {"hearth-light", "hearth-models"}:
        return f"/opt/hearth/{name.removeprefix('hearth-')}"
    return _DEBIAN


def _debian(folder: Path, root: Path) -> None:
    (folder / "bin").mkdir(parents=True, exist_ok=True)
    programs = {
        program.name: f"/usr/{place}/{program.name}"
        for place in ("sbin", "bin")
        for program in (root / "usr" / place).iterdir()
    }
    for name, program in (_RENAMED | programs).items():
        if not (folder / "bin" / name).is_symlink():
            (folder / "bin" / name).symlink_to(program)
    for link, place in {"sbin": "bin", "lib": "/usr/lib", "share": "/usr/share"}.items():
        if not (folder / link).is_symlink():
            (folder / link).symlink_to(place)


def _texts(tree: Path) -> Iterable[str]:
    for file in sorted(tree.rglob("*")):
        if file.is_file() and not file.is_symlink():
            yield file.read_text(errors="replace")


def fill_store(tree: Path, root: Path) -> None:
    """Make /nix/store below `root` for the rendering in `tree`."""
    store = root / "nix/store"
    _debian(store / _DEBIAN, root)
    rendered = tree / "store"
    if rendered.is_dir():
        for item in sorted(rendered.iterdir()):
            place = root / f"{PREFIX}{item.name}".lstrip("/")
            if item.is_dir():
                shutil.copytree(item, place, symlinks=True, dirs_exist_ok=True)
            else:
                shutil.copy(item, place)
    for name in sorted(names(_texts(tree))):
        place = root / f"{PREFIX}{name}".lstrip("/")
        if not place.exists() and not place.is_symlink():
            place.symlink_to(target(name))
