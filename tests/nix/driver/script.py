"""What a testScript finds under which name, and how it is run."""

from __future__ import annotations

import os
import unittest
from typing import Any

from driver.log import log
from driver.machine import Machine
from driver.waiting import retry


def _python_name(name: str) -> str:
    return name.replace("-", "_")


def names(machines: list[Machine]) -> dict[str, Any]:
    """Return the script's globals."""

    def start_all() -> None:
        for machine in machines:
            machine.start()

    def join_all() -> None:
        for machine in machines:
            machine.wait_for_shutdown()

    return {
        **{_python_name(machine.name): machine for machine in machines},
        "Machine": Machine,
        "join_all": join_all,
        "log": log,
        "machines": machines,
        "os": os,
        "retry": retry,
        "start_all": start_all,
        "subtest": log.subtest,
        "t": unittest.TestCase(),
    }


def run_script(text: str, machines: list[Machine]) -> None:
    """Run a testScript; what it raises is its failure."""
    exec(compile(text, "testScript", "exec"), names(machines))  # noqa: S102 - it is a program
