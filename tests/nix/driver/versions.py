"""The versions that a Debian machine can be switched to: what a built system is on NixOS.

Each is a store path with `init` and `bin/switch-to-configuration`, known to the machine's own Nix;
the profile names the first. So the box's own scripts switch, go back and show the difference.
"""

from __future__ import annotations

from pathlib import Path

from driver.specification import DebianNode
from driver.store import PREFIX, fill_store

SYSTEM = f"{PREFIX}nixos-system-"
TREES = "/opt/renderings"
PROFILE = "/nix/var/nix/profiles/system"
_SYSTEMD = "/usr/lib/systemd/systemd"
_DRIVER = "/opt/driver"
_REGISTRATION = "/nix/registration"
_KNOWN = f"""if [ -e {_REGISTRATION} ]; then
  /usr/bin/nix-store --register-validity < {_REGISTRATION}
  rm {_REGISTRATION}
fi"""
_PROGRAM = f"PYTHONPATH={_DRIVER} /usr/bin/python3 -B -m driver.switch"


def binds(kind: DebianNode) -> dict[str, Path]:
    """What the machine has to see of the renderings, and of this program."""
    if not kind.versions:
        return {}
    trees = {f"{TREES}/{name}": tree for name, tree in kind.versions.items()}
    return {_DRIVER: Path(__file__).resolve().parents[1], **trees}


def init(kind: DebianNode) -> str:
    """The program that becomes PID 1: systemd, or what a boot loader would start."""
    return f"{PROFILE}/init" if kind.versions else _SYSTEMD


def lay_out(kind: DebianNode, root: Path) -> None:
    """Make the versions' store paths below `root`, and the profile that names the first."""
    if not kind.versions:
        return
    systems = [_system(name, kind, root) for name in kind.versions]
    _register(kind, root)
    profile = root / PROFILE.lstrip("/")
    profile.parent.mkdir(parents=True, exist_ok=True)
    profile.with_name("system-1-link").symlink_to(systems[0])
    profile.symlink_to("system-1-link")


def _system(name: str, kind: DebianNode, root: Path) -> str:
    path = f"{SYSTEM}{name}"
    place = root / path.lstrip("/")
    (place / "sw/bin").mkdir(parents=True)
    (place / "sw/bin/hearth").symlink_to(f"{PREFIX}hearth-light/bin/hearth")
    (place / "etc").symlink_to(f"{TREES}/{name}/etc")
    (place / "specialisation").mkdir()
    for other in kind.versions:
        if other != name:
            (place / "specialisation" / other).symlink_to(f"{SYSTEM}{other}")
    _program(place / "bin/switch-to-configuration", f'{_PROGRAM} {name} "$1"')
    # As NixOS's second stage: the version is laid out, then systemd starts.
    _program(place / "init", f"{_KNOWN}\n{_PROGRAM} {name} start\nexec {_SYSTEMD}")
    return path


def _program(place: Path, text: str) -> None:
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_text(f"#!/bin/sh\nset -e\n{text}\n")
    place.chmod(0o755)


def _register(kind: DebianNode, root: Path) -> None:
    """What the machine's Nix is told of the versions, and of the texts that each needs."""
    needs = {name: _texts(tree) for name, tree in kind.versions.items()}
    lines: list[str] = []
    for tree in reversed(kind.versions.values()):  # what they share stays that of the first
        fill_store(tree, root)
    for text in sorted(set().union(*needs.values())):
        lines += [f"{PREFIX}{text}", "", "0"]
    for name, texts in needs.items():
        references = [f"{PREFIX}{text}" for text in sorted(texts)]
        lines += [f"{SYSTEM}{name}", "", str(len(references)), *references]
    (root / _REGISTRATION.lstrip("/")).write_text("\n".join([*lines, ""]))


def _texts(tree: Path) -> set[str]:
    folder = tree / "store"
    return {item.name for item in folder.iterdir()} if folder.is_dir() else set()
