"""A disk is laid out, used, and laid out again, by the installer's own commands and the real disko.

Needs NIXPKGS with disko in its inputs (tests/nix/README.md). The machine's first disk is its root,
the second is the one that is chosen, and the third is somebody else's.
"""

from __future__ import annotations

import dataclasses
import json
import os
import shlex
from collections.abc import Iterator
from pathlib import Path

import box_image
import initrd
import pytest
import scenarios
from disk_listings import choices
from driver.errors import MachineError
from dropins import masked
from hearth_install.disks import COLUMNS, Disk, choose, read
from hearth_install.steps import LAYOUT, PASSPHRASE, plan
from lab.nix import Nix, nix
from lab.nixpkgs import from_environment
from parts import cannot, parts
from virtual_machine import KERNEL, Direct, Hardware, VirtualMachine, arguments

FOLDER = scenarios.ROOT / "build/vm"
GIBIBYTE = 1 << 30
SIZES = {"ESP": 1, "swap": 32, "root": 40, "nix": 160}  # of the issue, in GiB
DISK = "/dev/vdb"
MINE = "/mnt/mnt/data/mine"
SYSTEM = "/mnt/nix/old"
_TEMPLATE = scenarios.ROOT / "hosts/template"
# Nothing of the house, only what finds disks.
_SYSTEM_ALONE = f"systemd.unit=sysinit.target {masked('boot.mount')}"

pytestmark = pytest.mark.timeout(7_200)


@pytest.fixture(scope="module")
def lab() -> Nix:
    modules = from_environment() if os.environ.get("NIXPKGS") else None
    if modules is None or modules.inputs is None or not (modules.inputs / "disko").is_dir():
        pytest.skip("NOT STARTED: NIXPKGS names no folder with disko in its inputs")
    if reason := cannot():
        pytest.skip(f"NOT STARTED: {reason}")
    return nix(modules, realises=True)


def sparse(place: Path, gibibytes: int) -> Path:
    place.write_bytes(b"")
    os.truncate(place, gibibytes * GIBIBYTE)
    return place


@pytest.fixture(scope="module")
def machine(lab: Nix) -> Iterator[VirtualMachine]:
    kernel, root = parts(), box_image.image("box", FOLDER)
    disks = (root, sparse(FOLDER / "chosen", 300), sparse(FOLDER / "other", 1))
    line = f"root=/dev/vda init=/usr/lib/systemd/systemd loglevel=4 {KERNEL} {_SYSTEM_ALONE}"
    start = Direct(kernel.kernel, initrd.make(kernel, FOLDER / "initrd"), line)
    port = FOLDER / "layout.port"
    command = arguments(Hardware(disks=disks, forget=True), start, port)
    machine = VirtualMachine("layout", FOLDER, command, port)
    machine.start()
    try:
        machine.succeed("udevadm settle", "mkfs.ext4 -q -L other /dev/vdc", "modprobe dm-crypt")
        yield machine
    finally:
        machine.crash()


def listed(machine: VirtualMachine) -> str:
    return machine.succeed(f"lsblk --json --bytes --output {COLUMNS}")


def chosen(machine: VirtualMachine) -> Disk:
    return choose(read(listed(machine)), DISK)


def install(
    machine: VirtualMachine, lab: Nix, *, encryption: str, keep: bool, opened_by: str = ""
) -> None:
    """Run what the installer would run up to the file systems."""
    made = lab.realise(
        lab.expression("evaluate/layout.nix", disk=DISK, encryption=encryption),
    )
    script = (made / "bin/disko-format-mount").read_text()
    wanted = dataclasses.replace(
        choices(), disk=chosen(machine), keep_data=keep, encryption=encryption
    )
    machine.succeed(
        f"mkdir -p {LAYOUT}/bin {PASSPHRASE.parent}; printf %s {opened_by} > {PASSPHRASE}",
        f"printf %s {shlex.quote(script)} > {LAYOUT}/bin/disko-format-mount",
        f"chmod +x {LAYOUT}/bin/disko-format-mount",
    )
    actions = [step.action for step in plan(wanted, _TEMPLATE, _TEMPLATE, None)]
    commands = [shlex.join(action) for action in actions if isinstance(action, tuple)]
    last = commands.index(f"{LAYOUT}/bin/disko-format-mount")
    for command in commands[1 : last + 1]:  # the first builds the layout
        machine.succeed(command, timeout=1800)


def release(machine: VirtualMachine) -> None:
    """Leave the disk as a machine that is switched off does."""
    machine.succeed(
        "umount -R /mnt; for v in /dev/mapper/hearth-*; do "
        '[ ! -e "$v" ] || cryptsetup close "$v"; done; udevadm settle'
    )


def use(machine: VirtualMachine) -> None:
    machine.succeed(f"echo mine > {MINE}; echo old > {SYSTEM}; sync")


def other(machine: VirtualMachine) -> str:
    return machine.succeed("sha256sum /dev/vdc")


def test_the_disk_is_laid_out_as_the_issue_says(machine: VirtualMachine, lab: Nix) -> None:
    before = other(machine)
    install(machine, lab, encryption="none", keep=False)
    found = {part.partition_label: part for part in chosen(machine).parts}
    for name, size in SIZES.items():
        assert found[f"disk-main-{name}"].size == size * GIBIBYTE
    rest = 300 - sum(SIZES.values()) - 1
    assert found["disk-main-data"].size > rest * GIBIBYTE
    mounts = json.loads(machine.succeed("findmnt --json --list -o TARGET,OPTIONS,FSTYPE"))
    options = {one["target"]: one for one in mounts["filesystems"]}
    assert options["/mnt/mnt/data"]["fstype"] == "ext4"
    for target in ("/mnt", "/mnt/nix", "/mnt/mnt/data"):
        assert "noatime" in options[target]["options"]
    use(machine)
    release(machine)
    assert other(machine) == before


def test_data_that_is_kept_is_there_and_the_system_is_new(
    machine: VirtualMachine, lab: Nix
) -> None:
    before = other(machine)
    install(machine, lab, encryption="none", keep=True)
    assert machine.succeed(f"cat {MINE}") == "mine\n"
    machine.fail(f"test -e {SYSTEM}")
    release(machine)
    assert other(machine) == before


def test_an_erased_disk_has_nothing_of_the_old(machine: VirtualMachine, lab: Nix) -> None:
    before = other(machine)
    install(machine, lab, encryption="passphrase", keep=False, opened_by="first")
    machine.fail(f"test -e {MINE}")
    use(machine)
    release(machine)
    assert other(machine) == before


def test_encrypted_data_is_kept_with_its_passphrase_alone(
    machine: VirtualMachine, lab: Nix
) -> None:
    with pytest.raises(MachineError, match="No key available"):
        install(machine, lab, encryption="passphrase", keep=True, opened_by="second")
    assert {part.filesystem for part in chosen(machine).parts} >= {"vfat", "crypto_LUKS"}
    install(machine, lab, encryption="passphrase", keep=True, opened_by="first")
    assert machine.succeed(f"cat {MINE}") == "mine\n"
    machine.fail(f"test -e {SYSTEM}")
    release(machine)
