"""Waiting for what a machine becomes."""

from __future__ import annotations

import re
import shlex
import time
from collections.abc import Callable
from pathlib import Path

from driver.commands import Commands
from driver.errors import MachineError
from driver.log import log

_PAUSE_SECONDS = 0.1


def retry(check: Callable[[bool], bool], timeout: float = 900) -> None:
    """Call `check(last_try)` until it is true, as nixpkgs' driver does."""
    end = time.monotonic() + timeout
    while time.monotonic() < end:
        if check(False):
            return
        time.sleep(_PAUSE_SECONDS)
    if not check(True):
        raise MachineError(f"timed out after {timeout} s")


class Waiting(Commands):
    """The part of a machine that waits."""

    console: Path

    def _until(self, what: str, check: Callable[[], bool], timeout: float) -> None:
        with log.timed(f"{self.name}: waiting for {what}"):
            try:
                retry(lambda _last: check(), timeout)
            except MachineError as error:
                raise MachineError(f"{self.name}: {what}: {error}\n{self._state()}") from error

    def _state(self) -> str:
        return self.execute("systemctl --failed --no-pager; journalctl -b --no-pager -n 40")[1]

    def _succeeds(self, command: str) -> bool:
        return self.execute(command)[0] == 0

    def wait_until_succeeds(self, command: str, timeout: int = 900) -> str:
        """Repeat a command until it succeeds; return what it wrote then."""
        said = ""

        def check() -> bool:
            nonlocal said
            status, said = self.execute(command, timeout=timeout)
            return status == 0

        self._until(f"success of {command}", check, timeout)
        return said

    def wait_until_fails(self, command: str, timeout: int = 900) -> str:
        """Repeat a command until it fails; return what it wrote then."""
        said = ""

        def check() -> bool:
            nonlocal said
            status, said = self.execute(command, timeout=timeout)
            return status != 0

        self._until(f"failure of {command}", check, timeout)
        return said

    def wait_for_unit(self, unit: str, user: str | None = None, timeout: int = 900) -> None:
        """Wait until a unit is active; fail at once when it failed or nothing will start it."""

        def state() -> str:
            # While a machine comes up its manager may not answer yet.
            status, said = self.systemctl(f"show --value -p ActiveState {shlex.quote(unit)}", user)
            return said.strip() if status == 0 else "activating"

        def active() -> bool:
            now = state()
            if now == "failed":
                journal = self.execute(f"journalctl -b --no-pager -n 30 -u {shlex.quote(unit)}")[1]
                raise MachineError(f"{self.name}: unit {unit} failed\n{journal}")
            if now == "inactive":
                jobs = self.systemctl("list-jobs --full", user)[1]
                if "No jobs" in jobs and state() == "inactive":
                    raise MachineError(f"{self.name}: {unit} is inactive and no job is pending")
            return now == "active"

        self._until(f"unit {unit}", active, timeout)

    def wait_for_open_port(self, port: int, addr: str = "localhost", timeout: int = 900) -> None:
        """Wait until something listens on a TCP port."""
        check = f"(exec 3<>/dev/tcp/{addr}/{port}) 2>/dev/null"
        self._until(f"port {addr}:{port}", lambda: self._succeeds(check), timeout)

    def wait_for_closed_port(self, port: int, addr: str = "localhost", timeout: int = 900) -> None:
        """Wait until nothing listens on a TCP port."""
        check = f"(exec 3<>/dev/tcp/{addr}/{port}) 2>/dev/null"
        self._until(f"no port {addr}:{port}", lambda: not self._succeeds(check), timeout)

    def wait_for_open_unix_socket(
        self, addr: str, is_datagram: bool = False, timeout: int = 900
    ) -> None:
        """Wait until a Unix socket accepts connections."""
        kind = "SOCK_DGRAM" if is_datagram else "SOCK_STREAM"
        program = f"import socket; socket.socket(socket.AF_UNIX, socket.{kind}).connect({addr!r})"
        check = f"/usr/bin/python3 -c {shlex.quote(program)} 2>/dev/null"
        self._until(f"socket {addr}", lambda: self._succeeds(check), timeout)

    def wait_for_file(self, filename: str, timeout: int = 900) -> None:
        """Wait until a file is there."""
        check = f"test -e {shlex.quote(filename)}"
        self._until(f"file {filename}", lambda: self._succeeds(check), timeout)

    def wait_for_console_text(self, regex: str, timeout: int = 900) -> None:
        """Wait until the console has shown something."""
        pattern = re.compile(regex)
        self._until(
            f"console text {regex}",
            lambda: bool(pattern.search(self.console.read_text(errors="replace"))),
            timeout,
        )
