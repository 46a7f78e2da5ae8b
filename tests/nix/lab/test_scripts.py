"""`make test-nixos`: the VM tests of tests/nixos, as containers on NixOS's own stage 2."""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from lab.nix import Nix, nix
from lab.nixpkgs import from_environment
from lab.places import PROJECT
from lab.root import root
from lab.said import LabError, give_up, say
from lab.words import table

# What is bound into the machines, where it is there: environments and weights.
HEARTH = "HEARTH_OPT"


def with_places(machines: str, base: Path, store: Path, hearth: str | None) -> str:
    """Return the driver's specification for machines that evaluate/machines.nix described."""
    spec = json.loads(machines)
    spec |= {"root": str(base), "store": str(store)}
    if hearth:
        for node in spec["nodes"].values():
            node["binds"] = {"/opt/hearth": hearth}
    return json.dumps(spec)


def _passes(tool: Nix, name: str) -> bool:
    say(f"{name}: building the machines")
    machines = tool.realise(tool.expression("evaluate/machines.nix", name=name))
    text = with_places(machines.read_text(), root(), tool.store, os.environ.get(HEARTH))
    with tempfile.NamedTemporaryFile("w", suffix=".json", prefix="hearth-test-") as file:
        file.write(text)
        file.flush()
        command = [sys.executable, "-m", "driver", file.name]
        return subprocess.run(command, check=False).returncode == 0


def main() -> int:
    """Run the tests that were named, or all; 1 when one fails."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", help="names of tests; all where none is given")
    parser.add_argument("--project", type=Path, default=PROJECT, help="the tree to test")
    given = parser.parse_args()
    tool = nix(from_environment(), given.project.resolve(), realises=True)
    names = given.names or tool.evaluate(tool.expression("evaluate/list.nix"))["tests"]
    rows = []
    for name in names:
        began = time.monotonic()
        result = "passed" if _passes(tool, name) else "FAILED"
        rows.append([name, f"{time.monotonic() - began:.0f}", result])
    print(table([["test", "seconds", ""], *rows]))
    return int(any(row[-1] == "FAILED" for row in rows))


if __name__ == "__main__":
    try:
        sys.exit(main())
    except LabError as error:
        give_up(error)
