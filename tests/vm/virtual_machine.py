"""A machine that QEMU runs, with the names that the containers' driver gives to its own."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from driver.errors import MachineError
from driver.waiting import Waiting

_SHELL_SECONDS = 900
_MOST_WORDS = 2_048  # characters that x86 keeps of a command line
_READY = b"hearth: the shell is ready\n"
# Emulation everywhere, so that a run here and one in CI are the same; `kvm` where that is wanted.
_ACCELERATOR = os.environ.get("HEARTH_VM_ACCELERATOR", "tcg")
# Older than QEMU's "max", whose AVX-512 and later parts some emulations get wrong.
_PROCESSOR = "Haswell"

# On a busy host an emulated kernel's test of its timer may fail, and then it hangs.
KERNEL = "console=ttyS0 no_timer_check"


@dataclass(frozen=True)
class Hardware:
    """What the machine is made of. `disks` become /dev/vda, /dev/vdb and so on."""

    disks: tuple[Path, ...]
    memory: str = "4G"
    # On a busy host two emulated ones spend their time in waiting for each other.
    processors: int = 1
    # Throw away what was written to the disks.
    forget: bool = False


@dataclass(frozen=True)
class Direct:
    """QEMU loads the kernel itself."""

    kernel: Path
    initrd: Path
    command_line: str


@dataclass(frozen=True)
class Firmware:
    """UEFI looks for a boot loader; its variables last."""

    code: Path
    variables: Path


def arguments(hardware: Hardware, start: Direct | Firmware, port: Path) -> list[str]:
    """Return QEMU's command line. A machine that restarts itself ends QEMU instead."""
    command = ["qemu-system-x86_64", "-nodefaults", "-display", "none", "-no-reboot"]
    command += ["-machine", "q35", "-accel", _ACCELERATOR, "-cpu", _PROCESSOR]
    command += ["-m", hardware.memory, "-smp", str(hardware.processors), "-serial", "stdio"]
    command += ["-device", "virtio-rng-pci", "-device", "virtio-serial-pci"]
    command += ["-chardev", f"socket,id=shell,path={port},server=on,wait=off"]
    command += ["-device", "virtserialport,chardev=shell,name=hearth.shell"]
    for disk in hardware.disks:
        command += ["-drive", f"file={disk},format=raw,if=virtio,cache=unsafe"]
    if hardware.forget:
        command += ["-snapshot"]
    if isinstance(start, Direct):
        if len(start.command_line) >= _MOST_WORDS:
            raise ValueError("The kernel's command line is too long: such a machine hangs.")
        command += ["-kernel", str(start.kernel), "-initrd", str(start.initrd)]
        return [*command, "-append", start.command_line]
    flash = "if=pflash,format=raw,snapshot=off"
    command += ["-drive", f"{flash},unit=0,readonly=on,file={start.code}"]
    return [*command, "-drive", f"{flash},unit=1,file={start.variables}"]


class VirtualMachine(Waiting):
    """One machine, from power on to power off or to its own restart."""

    leader = None

    def __init__(self, name: str, folder: Path, command: Sequence[str], port: Path) -> None:
        self.name = name
        self.console = folder / f"{name}.console.log"
        self._command = command
        self._port = port
        self._process: subprocess.Popen[bytes] | None = None
        self._shell: socket.socket | None = None
        self._ready = False

    def start(self, allow_reboot: bool = False) -> None:
        """Switch it on."""
        self._port.unlink(missing_ok=True)
        with self.console.open("wb") as console:
            self._process = subprocess.Popen(
                self._command, stdin=subprocess.DEVNULL, stdout=console, stderr=console
            )
        # Before anything inside can speak: what it says to nobody would be lost.
        self._shell = self._connect()

    def is_up(self) -> bool:
        """Tell whether it is on."""
        return self._process is not None and self._process.poll() is None

    def wait_for_end(self, timeout: float) -> None:
        """Wait until it has restarted itself or is off."""
        assert self._process is not None
        self._disconnect()
        try:
            self._process.wait(timeout)
        except subprocess.TimeoutExpired:
            self.crash()
            raise MachineError(f"{self.name} ran on for {timeout} s\n{self.tail()}") from None

    def crash(self) -> None:
        """Take the power away."""
        self._disconnect()
        if self._process is not None:
            self._process.kill()
            self._process.wait(60)

    def tail(self) -> str:
        """Return the console's last words."""
        return "\n".join(self.console.read_text(errors="replace").splitlines()[-40:])

    def _disconnect(self) -> None:
        if self._shell is not None:
            self._shell.close()
            self._shell = None

    def _connect(self) -> socket.socket:
        """Take the other end of the machine's port, as soon as there is one."""
        while self.is_up():
            shell = socket.socket(socket.AF_UNIX)
            try:
                shell.connect(str(self._port))
            except OSError:
                shell.close()
                time.sleep(0.1)
            else:
                return shell
        raise MachineError(f"{self.name} did not start\n{self.tail()}")

    def _said(self, end: bytes, seconds: float) -> bytes:
        assert self._shell is not None
        self._shell.settimeout(seconds)
        said = b""
        while not said.endswith(end):
            piece = self._shell.recv(1 << 16)
            if not piece:
                raise MachineError(f"{self.name}: the machine ended\n{self.tail()}")
            said += piece
        return said

    def execute(
        self,
        command: str,
        check_return: bool = True,
        check_output: bool = True,
        timeout: int | None = 900,
    ) -> tuple[int, str]:
        """Run a command in the machine; return its exit status and what it wrote."""
        assert self._shell is not None, "the machine is off"
        if not self._ready:
            self._said(_READY, _SHELL_SECONDS)
            self._ready = True
        seconds = timeout or 900
        self._shell.sendall(json.dumps({"command": command, "timeout": seconds}).encode() + b"\n")
        answer = json.loads(self._said(b"\n", seconds + _SHELL_SECONDS))
        return answer["status"], answer["output"]
