"""`python -m driver SPEC.json [STATE]`: runs the script; 1 when it fails."""

from __future__ import annotations

import argparse
import contextlib
import fcntl
import os
import shutil
import subprocess
import sys
import tempfile
import traceback
from collections.abc import Iterator
from pathlib import Path

from driver.isolation import leave_the_host, make_bridge
from driver.log import log
from driver.machine import Machine
from driver.script import run_script
from driver.specification import Specification, specification

_LOCK = Path("/var/tmp/hearth-machines.lock")  # noqa: S108 - one for all clones


def _run(spec: Specification, state: Path) -> int:
    leave_the_host()
    for vlan in sorted({vlan for node in spec.nodes for vlan in node.vlans}):
        make_bridge(vlan)
    out = state / "out"
    out.mkdir(exist_ok=True)
    os.chdir(out)
    machines: list[Machine] = []
    try:
        machines += [Machine(spec, node, state) for node in spec.nodes]
        run_script(spec.script, machines)
    except Exception:  # the edge: whatever a script raises is its failure
        log.error(f"{spec.name}: FAILED\n{traceback.format_exc()}")
        return 1
    finally:
        for machine in machines:
            if machine.is_up():
                machine.crash()
    log.info(f"{spec.name}: passed")
    return 0


@contextlib.contextmanager
def _alone() -> Iterator[None]:
    """Wait for another run: containers share control groups, and a kill in one would reach all."""
    with _LOCK.open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            log.info("waiting for the machines of another run")
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _forget(state: Path) -> None:
    # NixOS makes /var/empty immutable.
    subprocess.run(["chattr", "-R", "-f", "-i", str(state)], check=False)
    shutil.rmtree(state, ignore_errors=True)


def main() -> int:
    """Run a specification; forget the machines unless a folder was given to keep them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("specification", type=Path)
    parser.add_argument("state", type=Path, nargs="?", help="folder to keep the machines in")
    given = parser.parse_args()
    file: Path = given.specification.resolve()
    spec = specification(file.read_text(), file.parent)
    with _alone():
        if given.state:
            given.state.mkdir(parents=True, exist_ok=True)
            return _run(spec, given.state.resolve())
        return _passing(spec)


def _passing(spec: Specification) -> int:
    """Run, and forget the machines."""
    state = Path(tempfile.mkdtemp(prefix="hearth-machines-", dir="/var/tmp"))
    # A child makes the mounts, so that they are gone when its folder is removed.
    child = os.fork()
    if child == 0:
        os._exit(_run(spec, state))
    _, status = os.waitpid(child, 0)
    _forget(state)
    return os.waitstatus_to_exitcode(status)


if __name__ == "__main__":
    sys.exit(main())
