"""`python -m driver.switch NAME ACTION`, on a Debian machine: what switch-to-configuration does.

Run by the programs that versions.py makes. `switch` and `test` change the running machine, `boot`
leaves it alone, since what starts is what the profile names; `start` is said by PID 1 before it
becomes systemd. As on NixOS the status is 4 when a unit has failed.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from driver.plan import Plan, plan, version
from driver.rendering import replace
from driver.versions import SYSTEM, TREES

_ROOT = Path("/")
_LAID = Path("/etc/hearth-rendering")
_FAILED = 4
# The targets that a rendering's units are wanted by.
_TARGETS = {"multi-user.target", "sockets.target", "timers.target"}


def units() -> dict[str, tuple[str, str]]:
    """Every unit that is not inactive, with its state and the finer one."""
    command = ["systemctl", "list-units", "--full", "--plain", "--no-legend"]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    rows = (line.split(maxsplit=4) for line in said.splitlines())
    return {row[0]: (row[2], row[3]) for row in rows if len(row) > 3}


def failed(found: dict[str, tuple[str, str]], names: set[str]) -> list[str]:
    """Which of `names` have failed, or start again and again."""
    return sorted(
        name
        for name in names & found.keys()
        if found[name][0] == "failed"
        or (found[name][1] == "auto-restart" and not _ended_well(name))
    )


def _ended_well(name: str) -> bool:
    command = ["systemctl", "show", "--value", "-p", "ExecMainStatus", name]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip() == "0"


def _systemctl(what: str, names: set[str]) -> bool:
    if not names:
        return True
    print(f"{what}: {', '.join(sorted(names))}", flush=True)
    return subprocess.run(["systemctl", what, "--", *sorted(names)], check=False).returncode == 0


def _lay(name: str) -> None:
    """The rendering's files and users, and which version this is."""
    tree = Path(TREES) / name
    replace(_laid() or tree, tree, _ROOT)
    _link(_LAID, str(tree))
    subprocess.run(["systemd-sysusers"], check=True)
    _link(Path("/run/current-system"), f"{SYSTEM}{name}")


def _laid() -> Path | None:
    return _LAID.readlink() if _LAID.is_symlink() else None


def _link(place: Path, target: str) -> None:
    draft = place.with_name(f"{place.name}.new")
    draft.unlink(missing_ok=True)
    draft.symlink_to(target)
    draft.replace(place)


def _planned(name: str) -> tuple[Plan, set[str]]:
    """What a switch will do, and what runs now."""
    running = {unit for unit, (state, _) in units().items() if state in {"active", "activating"}}
    tree = Path(TREES) / name
    return plan(version(_laid() or tree), version(tree), running), running


def dry_activate(name: str) -> int:
    """Say what a switch would do."""
    made, _ = _planned(name)
    for what, names in (("stop", made.stop), ("restart", made.restart), ("start", made.start)):
        if names:
            print(f"would {what} the following units: {', '.join(sorted(names))}")
    return 0


def switch(name: str) -> int:
    """Change the running machine to another version."""
    made, running = _planned(name)
    well = _systemctl("stop", made.stop)
    _lay(name)
    well &= subprocess.run(["systemctl", "daemon-reload"], check=False).returncode == 0
    well &= subprocess.run(["systemd-tmpfiles", "--create"], check=False).returncode in {0, 65, 73}
    well &= _systemctl("restart", made.restart)
    # Active targets again, and so whatever they want that does not run.
    well &= _systemctl("start", made.start | (running & _TARGETS))
    bad = failed(units(), version(Path(TREES) / name).names())
    if bad:
        print(f"warning: the following units failed: {', '.join(bad)}", flush=True)
    return 0 if well and not bad else _FAILED


def main() -> int:
    """Do what was asked."""
    name, action = sys.argv[1:]
    if action == "start":
        _lay(name)
        _link(Path("/run/booted-system"), f"{SYSTEM}{name}")
        return 0
    if action == "boot":
        return 0
    if action == "dry-activate":
        return dry_activate(name)
    if action in {"switch", "test"}:
        return switch(name)
    print(f"no such action: {action}", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
