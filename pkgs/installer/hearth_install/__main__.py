"""`hearth-install`: put Hearth onto a disk of this machine."""

from __future__ import annotations

import argparse
import os
import shlex
import subprocess
import sys
from pathlib import Path

from hearth_install.choices import Choices, from_file
from hearth_install.disks import LSBLK, Disk, read
from hearth_install.errors import CannotInstall
from hearth_install.questions import Asker, interview
from hearth_install.steps import Step, plan

STICK = Path("/run/hearth-stick")
BY_ID = Path("/dev/disk/by-id")


def main() -> int:
    """Ask, show, do; 0 when the box is installed, 1 when it is not."""
    options = _options()
    try:
        _be_root(options)
        disks = read(options.disks.read_text() if options.disks else _lsblk())
        choices = _choices(options, disks)
        _carry_out(list(plan(choices, options.template, options.source, _stick(options))), options)
    except CannotInstall as error:
        _say(f"hearth-install: {error}.")
        return 1
    return 0


def _options() -> argparse.Namespace:
    share = Path(os.environ.get("HEARTH_INSTALL_SHARE", "/etc/hearth-install"))
    parser = argparse.ArgumentParser(prog="hearth-install", description=main.__doc__)
    parser.add_argument("--keep-data", action="store_true", help="format anew all but the data")
    parser.add_argument("--dry-run", action="store_true", help="print the steps, change nothing")
    parser.add_argument("--unattended", type=Path, metavar="FILE", help="answers in a TOML file")
    parser.add_argument("--disks", type=Path, metavar="FILE", help=argparse.SUPPRESS)
    parser.add_argument("--template", type=Path, default=share / "template", help="the box's flake")
    parser.add_argument("--source", type=Path, default=share / "source", help="Hearth's source")
    return parser.parse_args()


def _be_root(options: argparse.Namespace) -> None:
    if os.geteuid() != 0 and not options.dry_run:
        raise CannotInstall("only root can install: sudo hearth-install")


def _choices(options: argparse.Namespace, disks: list[Disk]) -> Choices:
    if options.unattended is None:
        return interview(Asker(sys.stdin, sys.stdout), disks, keep_data=options.keep_data)
    try:
        text = options.unattended.read_text()
    except OSError as error:
        raise CannotInstall(f"{options.unattended} cannot be read: {error.strerror}") from error
    return from_file(text, _by_path(disks))


def _by_path(disks: list[Disk]) -> dict[str, Disk]:
    """Each disk by the kernel's path and by its lasting ones."""
    known = {disk.path: disk for disk in disks}
    for link in BY_ID.glob("*") if BY_ID.is_dir() else ():
        if (disk := known.get(str(link.resolve()))) is not None:
            known[str(link)] = disk
    return known


def _stick(options: argparse.Namespace) -> Path | None:
    return options.unattended.parent if options.unattended else STICK if STICK.is_dir() else None


def _carry_out(steps: list[Step], options: argparse.Namespace) -> None:
    for number, step in enumerate(steps, start=1):
        _say(f"[{number}/{len(steps)}] {step.title}")
        if isinstance(step.action, tuple):
            _say(f"    {shlex.join(step.action)}")
        if not options.dry_run:
            step.run()
    if not options.dry_run:
        _say("", "Hearth is installed. Remove the stick and start the box: its screen then shows")
        _say("the address, a QR code and a link that signs you in once.")


def _lsblk() -> str:
    try:
        return subprocess.run(LSBLK, check=True, capture_output=True, text=True).stdout
    except (OSError, subprocess.CalledProcessError) as error:
        raise CannotInstall(f"the disks cannot be listed ({error})") from error


def _say(*lines: str) -> None:
    for line in lines:
        print(line, flush=True)  # noqa: T201 - an installer speaks


if __name__ == "__main__":
    sys.exit(main())
