"""A machine: its life, its cables and its files. The names are those of nixpkgs' test driver."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import time
from pathlib import Path
from typing import NoReturn

from driver import debian_layout, nixos_layout, versions
from driver.errors import MachineError, NotHere
from driver.isolation import FORBIDDEN, bridge, run
from driver.log import log
from driver.specification import DebianNode, NixosNode, Node, Specification
from driver.waiting import Waiting

_START_SECONDS = 60

_NSPAWN = (
    "systemd-nspawn",
    "--quiet",
    "--register=no",
    "--keep-unit",
    "--private-network",
    f"--drop-capability={','.join(FORBIDDEN)}",
    # Without bpf() systemd ignores IPAddressDeny, SocketBindDeny and RestrictNetworkInterfaces
    # without a word.
    "--capability=CAP_BPF",
    "--system-call-filter=bpf",
    "--console=pipe",
    "--resolv-conf=off",
    "--link-journal=no",
    "--timezone=off",
    "--setenv=SYSTEMD_LOG_TARGET=journal",
)
_ENVIRONMENT = {
    "SYSTEMD_NSPAWN_UNIFIED_HIERARCHY": "1",
    "SYSTEMD_NSPAWN_API_VFS_WRITABLE": "network",
}


class Machine(Waiting):
    """One machine of a run."""

    def __init__(self, spec: Specification, node: Node, state: Path) -> None:
        self.name = node.name
        self.leader = None
        self.state = state / node.name
        self.state.mkdir(parents=True, exist_ok=True)
        self.console = self.state / "console"
        self._spec = spec
        self._node = node
        self._process: subprocess.Popen[bytes] | None = None
        # The name of each cable's end here, its name on the machine, and its network.
        self._cables = [
            (f"m{node.number}v{vlan}", f"eth{number}", vlan)
            for number, vlan in enumerate(node.vlans, start=1)
        ]
        self._root = self._lay_out()

    def _lay_out(self) -> Path:
        kind = self._node.kind
        if isinstance(kind, NixosNode):
            return nixos_layout.lay_out(self._spec, kind, self.state)
        return debian_layout.lay_out(self._spec, self._node, kind, self.state)

    def _command(self) -> list[str]:
        kind = self._node.kind
        bound = dict(self._node.binds)
        if isinstance(kind, DebianNode):
            bound |= versions.binds(kind)
        binds = [f"--bind-ro={out}:{inside}" for inside, out in bound.items()]
        cables = [f"--network-veth-extra={end}:{inside}" for end, inside, _ in self._cables]
        place = ["-D", str(self._root), f"--machine={self.name}"]
        if isinstance(kind, NixosNode):
            more, init = nixos_layout.arguments(self._spec), nixos_layout.init()
        else:
            more, init = [], versions.init(kind)
        return [*_NSPAWN, *place, *more, *binds, *cables, "--", init]

    # Life

    def start(self, allow_reboot: bool = False) -> None:
        """Start the machine and wait until its systemd answers."""
        if self.is_up():
            return
        with self.console.open("ab") as console:
            self._process = subprocess.Popen(
                self._command(),
                stdin=subprocess.DEVNULL,
                stdout=console,
                stderr=console,
                start_new_session=True,
                env={**os.environ, **_ENVIRONMENT},
            )
        self.leader = self._wait_for_systemd(self._process)
        for end, _, vlan in self._cables:
            run("ip", "link", "set", end, "master", bridge(vlan), "up")
        log.log(f"{self.name}: systemd is up")

    def _wait_for_systemd(self, process: subprocess.Popen[bytes]) -> int:
        end = time.monotonic() + _START_SECONDS
        while time.monotonic() < end:
            if process.poll() is not None:
                raise self._lost("systemd-nspawn ended early")
            children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
            if children and self._answers(children[0]):
                return int(children[0])
            time.sleep(0.05)
        raise self._lost(f"no systemd after {_START_SECONDS} s")

    def _answers(self, pid: str) -> bool:
        try:
            name = Path(f"/proc/{pid}/comm").read_text().strip()
            return name == "systemd" and Path(f"/proc/{pid}/root/run/systemd/private").exists()
        except OSError:
            return False

    def _lost(self, what: str) -> MachineError:
        tail = self.console.read_text(errors="replace")[-2000:]
        return MachineError(f"{self.name}: {what}\n{tail}")

    def is_up(self) -> bool:
        """Tell whether the machine runs."""
        running = self._process is not None and self._process.poll() is None
        return running and self.leader is not None

    def connect(self) -> None:
        """Start the machine: there is no more to connect to."""
        self.start()

    def wait_for_shutdown(self, timeout: float = 90) -> None:
        """Wait until the machine is off."""
        if self._process is not None:
            self._process.wait(timeout)
        self.leader = None
        log.log(f"{self.name}: off")

    def shutdown(self) -> None:
        """Power the machine off in order."""
        if self.is_up():
            self.execute("systemctl poweroff")
            self.wait_for_shutdown()

    def crash(self) -> None:
        """Take the power away."""
        if self.leader is not None and self._process is not None:
            os.kill(self.leader, signal.SIGKILL)
            self._process.wait(30)
        self.leader = None
        log.log(f"{self.name}: crashed")

    def reboot(self) -> None:
        """Power off in order and start again."""
        self.shutdown()
        self.start()

    # Cables

    def block(self) -> None:
        """Pull the network cables."""
        for end, _, _ in self._cables:
            run("ip", "link", "set", end, "down")

    def unblock(self) -> None:
        """Plug the network cables in again."""
        for end, _, _ in self._cables:
            run("ip", "link", "set", end, "up")

    # Files

    def _path(self, inside: str) -> Path:
        if not self.is_up():
            self.start()
        return Path(f"/proc/{self.leader}/root") / inside.lstrip("/")

    def copy_from_host(self, source: str, target: str) -> None:
        """Copy a file or folder to a path on the machine."""
        place = self._path(target)
        place.parent.mkdir(parents=True, exist_ok=True)
        if Path(source).is_dir():
            shutil.copytree(source, place, dirs_exist_ok=True)
        else:
            shutil.copy(source, place)

    copy_from_host_via_shell = copy_from_host

    def copy_from_machine(self, source: str, target_dir: str = "") -> None:
        """Copy a file or folder from the machine into a folder of the run's."""
        place = Path.cwd() / target_dir / Path(source).name
        place.parent.mkdir(parents=True, exist_ok=True)
        if self._path(source).is_dir():
            shutil.copytree(self._path(source), place, dirs_exist_ok=True)
        else:
            shutil.copy(self._path(source), place)

    copy_from_vm = copy_from_machine

    # The rest of nixpkgs' names

    def sleep(self, secs: int) -> None:
        """Wait, as long as the machine runs on."""
        time.sleep(secs)

    def log(self, msg: str) -> None:
        """Print a line about this machine."""
        log.log(f"{self.name}: {msg}")

    def __getattr__(self, name: str) -> NoReturn:
        if name.startswith("_"):
            raise AttributeError(name)
        raise NotHere(f"{name}: a container has no screen, keyboard, kernel or boot loader")
