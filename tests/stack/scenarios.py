"""Boots what is committed under tests/rendered, and runs the scripts of tests/nixos on it.

The scripts are those of the flake's VM tests, unchanged. Here the machines are containers that run
Debian's systemd over the rendering, with this clone's own environments and models.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

from lab.rendering import whole

ROOT = Path(__file__).resolve().parents[2]
SCRIPTS = ROOT / "tests" / "nixos"
BUILD = ROOT / "build" / "stack"
OPT = BUILD / "opt"
_MACHINES = Path(__file__).with_name("machines.toml")
_TAIL = 60  # lines of a failed run that are shown
_SECONDS = 1_200


def names() -> list[str]:
    """Every scenario."""
    return sorted(script.stem for script in SCRIPTS.glob("*.py"))


def missing() -> str | None:
    """Why no machine can be booted here, if so."""
    if os.geteuid() != 0:
        return "booting the box needs root"
    if not shutil.which("apt-get"):
        return "the box boots on Debian's packages, which this machine has not"
    if not shutil.which("unshare") or not Path("/proc/self/ns/net").exists():
        return "this machine has no namespaces"
    return None


def specification(name: str, script: Path) -> dict[str, Any]:
    """What tests/nix/driver boots for a script (its specification.py gives the shape)."""
    machines = tomllib.loads(_MACHINES.read_text())
    default, own = machines["default"], machines.get(name, {})
    nodes = {
        machine: default.get(machine, default["box"] if "tree" in own.get(machine, {}) else {})
        | own.get(machine, {})
        for machine in (*default, *(own.keys() - default.keys()))
    }
    return {
        "name": name,
        "script": (SCRIPTS / "common" / "house.py").read_text() + script.read_text(),
        "nodes": {machine: _node(dict(node)) for machine, node in nodes.items()},
    }


def _node(node: dict[str, Any]) -> dict[str, Any]:
    if "tree" not in node:
        return node
    binds = {
        "/etc/hearth-dashboards": str(ROOT / "pkgs" / "dashboards"),
        "/mnt/data/models": str(OPT / "weights"),
        "/opt/hearth": str(OPT),
    }
    return node | {
        "tree": str(whole(node["tree"])),
        "versions": {name: str(whole(name)) for name in node.get("versions", [])},
        "binds": binds,
    }


def run(name: str, script: Path | None = None) -> str | None:
    """Run a scenario, or another script; its last words when it fails.

    The whole log lies in build/stack.
    """
    BUILD.mkdir(parents=True, exist_ok=True)
    file = BUILD / f"{name}.json"
    file.write_text(json.dumps(specification(name, script or SCRIPTS / f"{name}.py"), indent=1))
    log = BUILD / f"{name}.log"
    with log.open("w") as output:
        done = subprocess.run(
            [sys.executable, "-m", "driver", str(file)],
            cwd=BUILD,
            env=os.environ | {"PYTHONPATH": str(ROOT / "tests" / "nix")},
            stdout=output,
            stderr=output,
            timeout=_SECONDS,
            check=False,
        )
    if done.returncode == 0:
        return None
    return "\n".join([f"{log}:", *log.read_text().splitlines()[-_TAIL:]])
