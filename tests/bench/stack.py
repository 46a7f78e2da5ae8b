"""`make bench-stack`: the booted box: boot, memory, backup, restore and update."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from report import ROOT, Row, publish

sys.path.insert(0, str(ROOT / "scripts/setup"))
sys.path.insert(0, str(ROOT / "tests/nix"))
sys.path.insert(0, str(ROOT / "tests/stack"))
import environment
import scenarios
from lab.root import root

_SCRIPT = Path(__file__).with_name("stack_machines.py")
_NOTES = (
    "The box as rendered, booted by Debian's systemd in a container, with "
    "qwen2.5-coder-1.5b-instruct; one run. Memory is proportional (PSS)."
)


def main() -> None:
    """The benchmark."""
    if reason := scenarios.missing():
        sys.exit(f"nothing was measured: {reason}")
    root()
    environment.make(scenarios.OPT)
    failure = scenarios.run("bench", _SCRIPT)
    if failure:
        sys.exit(failure)
    log = (scenarios.BUILD / "bench.log").read_text()
    lines = [line.removeprefix("ROW ") for line in log.splitlines() if line.startswith("ROW ")]
    publish("stack", [Row(*json.loads(line)) for line in lines], _NOTES)


if __name__ == "__main__":
    main()
