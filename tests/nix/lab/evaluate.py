"""`make eval`: every host, the template and every VM test evaluates; then the table of mistakes."""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lab import inputs, mistakes
from lab.nix import Nix, NixError, nix
from lab.nixpkgs import from_environment
from lab.places import PROJECT
from lab.said import LabError, give_up, say
from lab.words import cause, table

BUILD = PROJECT / "build" / "nix"


@dataclass(frozen=True)
class Row:
    """What became of one system."""

    name: str
    units: int
    etc: int
    assertions: int
    seconds: float
    wrong: tuple[str, ...]

    @property
    def cells(self) -> list[str]:
        """The row of the table."""
        state = "ok" if not self.wrong else f"{len(self.wrong)} wrong"
        counts = [str(n) for n in (self.units, self.etc, self.assertions)]
        return [self.name, *counts, f"{self.seconds:.1f}", state]


def row(name: str, summary: dict[str, Any], seconds: float) -> Row:
    """Return the row of a system's summary (see evaluate/summary.nix)."""
    return Row(
        name,
        len(summary["units"]),
        len(summary["etc"]),
        summary["assertions"],
        seconds,
        tuple(summary["failed"]),
    )


def evaluated(tool: Nix, name: str, kind: str) -> list[Row]:
    """Evaluate one system or test; keep its summary under build/nix."""
    began = time.monotonic()
    try:
        found = tool.evaluate(tool.expression("evaluate/one.nix", name=name, kind=kind))
    except NixError as error:
        say(f"{name}: {cause(str(error))}")
        (BUILD / f"{name}.error").write_text(str(error))
        return [Row(name, 0, 0, 0, time.monotonic() - began, (str(error),))]
    (BUILD / f"{name}.json").write_text(json.dumps(found, indent=1, sort_keys=True))
    seconds = (time.monotonic() - began) / len(found)
    rows = [row(n, s, seconds) for n, s in found.items() if isinstance(s, dict)]
    for one in rows:
        for message in one.wrong:
            say(f"{one.name}: failed assertion: {message}")
    return rows


def everything(tool: Nix, there: dict[str, Any]) -> list[Row]:
    """Evaluate all systems and tests of the project."""
    BUILD.mkdir(parents=True, exist_ok=True)
    rows = [row for name in there["systems"] for row in evaluated(tool, name, "system")]
    return rows + [row for name in there["tests"] for row in evaluated(tool, name, "test")]


def flake_check() -> int:
    """Let Nix itself evaluate the flake over its own inputs."""
    features = ["--extra-experimental-features", "nix-command flakes"]
    command = ["nix", *features, "flake", "check", "--no-build", str(PROJECT)]
    return subprocess.run(command, check=False).returncode


def main() -> int:
    """Evaluate all there is, print the tables; 1 when something is wrong."""
    if os.environ.get("NIXPKGS") == "flake":
        return flake_check()
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--project", type=Path, default=PROJECT, help="the tree to evaluate")
    given = parser.parse_args()
    modules = from_environment()
    say(f"modules of {modules.source}")
    tool = nix(modules, given.project.resolve())
    there = tool.evaluate(tool.expression("evaluate/list.nix"))
    wrong = inputs.shown(tool, there["origins"])
    rows = everything(tool, there)
    heads = ["system", "units", "etc", "assertions", "seconds", ""]
    print("\n" + table([heads, *(one.cells for one in rows)]))
    wrong |= any(one.wrong for one in rows)
    if not any(one.name == mistakes.HOST and not one.wrong for one in rows):
        print(f"\nThe mistakes wait until the host {mistakes.HOST} evaluates.")
        return 1
    return int(mistakes.shown(tool, there["origins"]) or wrong)


if __name__ == "__main__":
    try:
        sys.exit(main())
    except LabError as error:
        give_up(error)
