"""Running commands on a machine."""

from __future__ import annotations

import shlex
import subprocess

from driver.errors import MachineError
from driver.log import log

_ENVIRONMENT = ("HOME=/root", "USER=root", "TERM=dumb", "LANG=C.UTF-8")


class Commands:
    """The part of a machine that runs commands in it."""

    name: str
    leader: int | None

    def start(self, allow_reboot: bool = False) -> None:
        """Start the machine (see machine.py)."""
        raise NotImplementedError

    def is_up(self) -> bool:
        """Tell whether the machine runs (see machine.py)."""
        raise NotImplementedError

    def _inside(self) -> list[str]:
        """Return the command that enters all of the machine's namespaces."""
        spaces = ["-m", "-u", "-i", "-n", "-p", "-C", "-r", "-w"]
        return ["nsenter", "-t", str(self.leader), *spaces, "/usr/bin/env", "-i", *_ENVIRONMENT]

    def execute(
        self,
        command: str,
        check_return: bool = True,
        check_output: bool = True,
        timeout: int | None = 900,
    ) -> tuple[int, str]:
        """Run a command; return its exit status and what it wrote."""
        if not self.is_up():
            self.start()
        script = f"set -euo pipefail; cd /root; {command}"
        try:
            done = subprocess.run(
                [*self._inside(), "bash", "-lc", script],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                timeout=timeout,
                check=False,
            )
        except subprocess.TimeoutExpired as error:
            return 124, (error.output or b"").decode(errors="replace")
        return done.returncode, done.stdout.decode(errors="replace")

    def succeed(self, *commands: str, timeout: int | None = None) -> str:
        """Run commands that must succeed; return what they wrote."""
        output = ""
        for command in commands:
            with log.timed(f"{self.name}: must succeed: {command}"):
                status, said = self.execute(command, timeout=timeout or 900)
            if status != 0:
                raise MachineError(f"{self.name}: `{command}` failed ({status})\n{said}")
            output += said
        return output

    def fail(self, *commands: str, timeout: int | None = None) -> str:
        """Run commands that must fail; return what they wrote."""
        output = ""
        for command in commands:
            with log.timed(f"{self.name}: must fail: {command}"):
                status, said = self.execute(command, timeout=timeout or 900)
            if status == 0:
                raise MachineError(f"{self.name}: `{command}` unexpectedly succeeded\n{said}")
            output += said
        return output

    def systemctl(self, query: str, user: str | None = None) -> tuple[int, str]:
        """Run systemctl, for the system or for a user's own manager."""
        if user is None:
            return self.execute(f"systemctl {query}")
        wanted = f"XDG_RUNTIME_DIR=/run/user/$(id -u {user}) systemctl --user {query}"
        return self.execute(f"su -l {user} -s /bin/sh -c {shlex.quote(wanted)}")

    def get_unit_info(self, unit: str, user: str | None = None) -> dict[str, str]:
        """Return a unit's properties."""
        status, said = self.systemctl(f"--no-pager show {shlex.quote(unit)}", user)
        if status != 0:
            raise MachineError(f"{self.name}: systemctl show {unit} failed\n{said}")
        return dict(line.split("=", 1) for line in said.splitlines() if "=" in line)

    def get_unit_property(self, unit: str, name: str, user: str | None = None) -> str:
        """Return one property of a unit."""
        status, said = self.systemctl(f"show --value -p {name} {shlex.quote(unit)}", user)
        if status != 0:
            raise MachineError(f"{self.name}: systemctl show {unit} failed\n{said}")
        return said.strip()

    def require_unit_state(self, unit: str, require_state: str = "active") -> None:
        """Fail unless a unit is in a state."""
        state = self.get_unit_info(unit)["ActiveState"]
        if state != require_state:
            raise MachineError(f"{self.name}: {unit} is {state}, not {require_state}")

    def start_job(self, job: str, user: str | None = None) -> tuple[int, str]:
        """Start a unit."""
        return self.systemctl(f"start {job}", user)

    def stop_job(self, job: str, user: str | None = None) -> tuple[int, str]:
        """Stop a unit."""
        return self.systemctl(f"stop {job}", user)
