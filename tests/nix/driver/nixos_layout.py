"""The root of a machine that runs NixOS's own second stage on Debian's /usr."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

from driver.specification import NixosNode, Specification

PROFILE = "nix/var/nix/profiles/system"

_FOLDERS = (
    *("usr", "nix/store", "etc/alternatives", "opt/hearth", "mnt/data", "mnt/.empty"),
    *("var", "root", "home", "run", "tmp", "proc", "sys", "dev"),
)
# Debian's own units leak in unless PID 1 is told where to look.
_UNIT_FOLDERS = (
    "/etc/systemd/system",
    "/run/systemd/system",
    "/run/systemd/generator",
    "/run/systemd/generator.early",
    "/run/systemd/generator.late",
)


def _known_to_nix(spec: Specification, kind: NixosNode, root: Path) -> None:
    """Give the machine's Nix what the lab's knows of the store, and the system as its profile."""
    profile = root / PROFILE
    profile.parent.mkdir(parents=True, exist_ok=True)
    profile.with_name("system-1-link").symlink_to(kind.toplevel)
    profile.symlink_to("system-1-link")
    if spec.store is None:
        return
    kept, own = spec.store.parent / "var/nix/db", root / "nix/var/nix/db"
    own.mkdir(parents=True)
    (own / "schema").write_text((kept / "schema").read_text())
    with (
        closing(sqlite3.connect(kept / "db.sqlite")) as source,
        closing(sqlite3.connect(own / "db.sqlite")) as copy,
    ):
        source.backup(copy)


def lay_out(spec: Specification, kind: NixosNode, state: Path) -> Path:
    """Make the root's folders; return it."""
    root = state / "root"
    for folder in _FOLDERS:
        (root / folder).mkdir(parents=True, exist_ok=True)
    for link in ("bin", "sbin", "lib", "lib64"):
        if not (root / link).is_symlink():
            (root / link).symlink_to(f"usr/{link}")
    for file in ("ld.so.cache", "ld.so.conf"):
        shutil.copy(spec.root / "etc" / file, root / "etc" / file)
    _known_to_nix(spec, kind, root)
    return root


def arguments(spec: Specification) -> list[str]:
    """Return what systemd-nspawn is told beside the common part."""
    return [
        f"--bind-ro={spec.root}/usr:/usr",
        f"--bind-ro={spec.root}/etc/alternatives:/etc/alternatives",
        f"--bind-ro={spec.store}:/nix/store",
        f"--setenv=SYSTEMD_UNIT_PATH={':'.join(_UNIT_FOLDERS)}",
    ]


def init() -> str:
    """Return the program that becomes PID 1: what a boot loader would start."""
    return f"/{PROFILE}/init"
