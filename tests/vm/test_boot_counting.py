"""Boot counting as a real UEFI, systemd-boot and systemd do it, with the rendered health gate.

Each start of the machine is a QEMU process of its own: it ends when the machine restarts itself,
so that the boot partition can be looked at. Nobody chooses anything in between. The boots' consoles
are in build/vm. Emulation is slow, so the house is left out, and the verdict of `hearth health` is
given; all around it is the rendered box's: the gate, what it remembers, the way back.
"""

from __future__ import annotations

import re
import shutil
import subprocess

import box_image
import initrd
import pytest
import scenarios
from boot_disk import BootDisk
from boot_entries import Entry
from dropins import SKIPPED, carried, instead, masked
from parts import cannot, parts
from virtual_machine import KERNEL, Firmware, Hardware, VirtualMachine, arguments

FOLDER = scenarios.ROOT / "build/vm"
PODS = ("family", "finance", "study")
END_SECONDS = 900
_LEFT_OUT = masked(
    "getty.target",
    "nftables.service",
    "systemd-logind.service",
    "systemd-networkd.service",
    "systemd-networkd.socket",
    "systemd-networkd-persistent-storage.service",
)
_PROGRAMS = ["hub", "inference", "keys", "migrate-hub"]
_HOUSE = {
    f"hearth-{name}.service": SKIPPED
    for name in [*_PROGRAMS, *(f"{kind}{pod}" for pod in PODS for kind in ("pod-", "migrate-pod-"))]
}
_HEALTH = "hearth-health.service"
_WELL = instead("/usr/bin/true")
_UNWELL = instead("/usr/bin/false")
# Emulated devices are slow to appear.
_MOUNT = "systemd.mount-extra=/dev/vda1:/boot:vfat:umask=0077,x-systemd.device-timeout=900"
# The console shows what the journal has.
_HEARD = "systemd.journald.forward_to_console=1"
_PROFILE = "/nix/var/nix/profiles/system"

pytestmark = pytest.mark.timeout(7_200)


def options(health: str) -> str:
    """A version's kernel parameters; with the rendered box's panic=30 made shorter."""
    line = f"root=/dev/vdb {KERNEL} {_MOUNT} panic=1 boot.panic_on_fail {_LEFT_OUT}"
    return f"{line} {_HEARD} {carried(_HOUSE | {_HEALTH: health})}"


class Box:
    """A box that is switched on again and again."""

    def __init__(self) -> None:
        self.kernel = parts()
        self.boot = BootDisk(FOLDER / "esp.img")
        self.boot.make(self.kernel, initrd.make(self.kernel, FOLDER / "initrd"))
        self.disk = FOLDER / "root.img"
        self.variables = FOLDER / "variables.fd"
        self._number = 0
        # What is written to the copy lasts from one start to the next.
        image = box_image.image("box", FOLDER)
        subprocess.run(["cp", "--sparse=always", str(image), str(self.disk)], check=True)
        shutil.copy(self.kernel.firmware_variables, self.variables)

    def add(self, entry: Entry, health: str, init: str | None = None) -> None:
        """Switch to another version."""
        toplevel = box_image.toplevel(entry.generation)
        self.boot.add(entry, init or f"{toplevel}/init", options(health))

    def switch_on(self, name: str) -> VirtualMachine:
        """Start the machine."""
        self._number += 1
        port = FOLDER / "boot.port"
        firmware = Firmware(self.kernel.firmware, self.variables)
        hardware = Hardware(disks=(self.boot.image, self.disk))
        command = arguments(hardware, firmware, port)
        machine = VirtualMachine(f"boot-{self._number}-{name}", FOLDER, command, port)
        machine.start()
        return machine

    def entries(self) -> list[Entry]:
        """What the boot partition offers."""
        return self.boot.entries()


def comes_up(machine: VirtualMachine, generation: int) -> None:
    """Wait until a version's systemd runs, and take the power away."""
    try:
        system = re.escape(box_image.toplevel(generation))
        machine.wait_for_console_text(rf"Command line: .*init={system}/init [\s\S]*Welcome to ")
    finally:
        machine.crash()


def switch_off(machine: VirtualMachine) -> None:
    """Power off in order."""
    machine.execute("systemctl poweroff --no-block")
    machine.wait_for_end(END_SECONDS)


@pytest.fixture(scope="module")
def box() -> Box:
    if reason := cannot():
        pytest.skip(f"NOT STARTED: {reason}")
    return Box()


def test_a_well_version_is_blessed(box: Box) -> None:
    box.add(Entry(1, left=3), health=_WELL)
    machine = box.switch_on("well")
    try:
        machine.wait_for_unit("boot-complete.target")
        machine.wait_for_unit("hearth-healthy.service")
        machine.wait_for_unit("systemd-bless-boot.service")
        healthy = machine.succeed("readlink /var/lib/hearth/healthy").strip()
        assert healthy == box_image.toplevel(1)
        assert "ordering cycle" not in machine.succeed("journalctl -b --no-pager -o cat")
        # What the switch to the third version does to the profile; its entry comes below.
        machine.succeed(f"ln -sfn system-3-link {_PROFILE}")
        switch_off(machine)
    finally:
        machine.crash()
    assert box.entries() == [Entry(1)]


def test_a_version_that_cannot_start_uses_up_its_tries(box: Box) -> None:
    box.add(Entry(2, left=3), health=_WELL, init="/nothing/here")
    for done in (1, 2, 3):
        machine = box.switch_on(f"panics-{done}")
        machine.wait_for_end(END_SECONDS)
        assert "Kernel panic" in machine.console.read_text(errors="replace")
        assert box.entries() == [Entry(1), Entry(2, left=3 - done, done=done)]
    comes_up(box.switch_on("well-again"), generation=1)
    assert box.entries() == [Entry(1), Entry(2, left=0, done=3)]


def test_a_version_that_is_not_well_goes_back_by_itself(box: Box) -> None:
    box.add(Entry(3, left=3), health=_UNWELL)
    machine = box.switch_on("unwell")
    machine.wait_for_end(END_SECONDS)
    assert "going back to generation 1" in machine.console.read_text(errors="replace")
    assert box.entries() == [Entry(1), Entry(2, left=0, done=3), Entry(3, left=2, done=1)]
    comes_up(box.switch_on("back"), generation=1)
