"""The root of a machine that runs Debian's init over a rendering."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

from driver import versions
from driver.overlay import overlay
from driver.rendering import arguments, write
from driver.specification import DebianNode, Node, Specification
from driver.store import PREFIX, fill_store

# The units' walls let programs run from /nix/store alone. Here what lies there are links.
_EXEC_PATHS = "[Service]\nExecPaths=/usr /opt/hearth\n"
# NixOS mounts its store read-only. Here a switch between renderings writes to it, so only the units
# with walls see it so.
_STORE = "[Service]\nBindReadOnlyPaths=/nix/store\n"
_WALLED = ("hearth-", "fail2ban")
_TARGETS = {".socket": "sockets.target", ".timer": "timers.target"}


def want(system: Path, unit: str, source: str) -> None:
    """Enable a unit in the target for its kind."""
    folder = system / f"{_TARGETS.get(Path(unit).suffix, 'multi-user.target')}.wants"
    folder.mkdir(parents=True, exist_ok=True)
    link = folder / unit
    link.unlink(missing_ok=True)
    link.symlink_to(source)


def network(node: Node, interface: str, vlan: int) -> str:
    """Return the networkd file of one interface."""
    return (
        f"[Match]\nName={interface}\n\n[Network]\nAddress={node.address(vlan)}/24\n"
        "LinkLocalAddressing=no\nIPv6AcceptRA=no\n"
    )


def hosts(spec: Specification, node: Node) -> str:
    """Return /etc/hosts: every machine by name, on its first network."""
    lines = ["127.0.0.1 localhost", "::1 localhost"]
    lines += [f"{n.address(n.vlans[0])} {n.name}" for n in spec.nodes if n.vlans and n != node]
    return "\n".join([*lines, f"127.0.1.1 {node.name}"]) + "\n"


def _forget_debians_choices(etc: Path) -> None:
    """Drop what Debian's packages enabled themselves: a machine starts what it names."""
    shutil.rmtree(etc / "systemd/system", ignore_errors=True)
    (etc / "systemd/system").mkdir(parents=True)
    for file in ("nftables.conf", "caddy/Caddyfile"):
        (etc / file).unlink(missing_ok=True)


def _command_line(root: Path) -> None:
    """What NixOS has on everybody's path from environment.systemPackages."""
    link = root / "usr/local/bin/hearth"
    link.parent.mkdir(parents=True, exist_ok=True)
    link.symlink_to(f"{PREFIX}hearth-light/bin/hearth")


def _own_by_root(folder: Path) -> None:
    for where, folders, files in os.walk(folder):
        for name in (*folders, *files):
            os.chown(Path(where) / name, 0, 0, follow_symlinks=False)


def lay_out(spec: Specification, node: Node, kind: DebianNode, state: Path) -> Path:
    """Make the root and lay the rendering into its /etc; return it."""
    root = overlay(spec.root, state)
    etc = root / "etc"
    system = etc / "systemd/system"
    _forget_debians_choices(etc)
    write(etc / "hostname", f"{node.name}\n")
    if kind.tree is not None:
        rendered = state / "rendered"
        shutil.copytree(kind.tree / "etc", rendered, symlinks=True, dirs_exist_ok=True)
        _own_by_root(rendered)
        shutil.copytree(rendered, etc, symlinks=True, dirs_exist_ok=True)
        arguments(kind.tree, etc)
        fill_store(kind.tree, root)
        _command_line(root)
        versions.lay_out(kind, root)
    write(system / "service.d/10-debian.conf", _EXEC_PATHS)
    for unit in _WALLED:
        write(system / f"{unit}.service.d/20-store.conf", _STORE)
    for number, vlan in enumerate(node.vlans, start=1):
        interface = f"eth{number}"
        write(etc / f"systemd/network/40-{interface}.network", network(node, interface, vlan))
    for unit in ("systemd-networkd.service", *kind.enable):
        want(system, unit, f"/usr/lib/systemd/system/{unit}")
    write(etc / "hosts", hosts(spec, node))
    for bound in node.binds:
        (root / bound.lstrip("/")).mkdir(parents=True, exist_ok=True)
    subprocess.run(["systemd-sysusers", f"--root={root}"], check=True, capture_output=True)
    return root
