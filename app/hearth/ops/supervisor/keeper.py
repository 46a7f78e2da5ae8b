"""Keeps one unit running: starts it, watches it, starts it again."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
import time
from pathlib import Path

from hearth.ops.supervisor import exec_unit, logs
from hearth.ops.supervisor.listeners import Listeners
from hearth.ops.supervisor.notices import Notices
from hearth.ops.supervisor.unit import Reporter, Unit

_FIRST_DELAY, _LONGEST_DELAY = 0.1, 5.0  # seconds until a restart
_HEALTHY_SECONDS = 30.0  # after which an end counts as the first again
_NOT_PASSED_ON = ("LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES", "WATCHDOG_PID")
# No library may look outward, whatever its own default is.
_OFFLINE = {"HF_HUB_OFFLINE": "1", "TRANSFORMERS_OFFLINE": "1", "ORT_DISABLE_TELEMETRY": "1"}


class Keeper:
    """One unit with its sockets, its process and its log."""

    def __init__(self, unit: Unit, log: Path, notices: Path, reporter: Reporter) -> None:
        self.unit = unit
        self.log = log
        self.failures = 0  # ends in a row, none of them after a healthy time
        self.was_ready = asyncio.Event()
        self.listeners = Listeners(unit)
        logs.rotate(log)
        self._notices = Notices(notices)
        self._reporter = reporter
        self._starting: asyncio.Task[asyncio.subprocess.Process] | None = None

    async def run(self) -> None:
        """Keep the program running until this is cancelled."""
        await self._notices.open()
        while True:
            started = time.monotonic()
            reason = await self._once(started)
            healthy = time.monotonic() - started > _HEALTHY_SECONDS
            self.failures = 1 if healthy else self.failures + 1
            delay = min(_FIRST_DELAY * 2 ** (self.failures - 1), _LONGEST_DELAY)
            self._reporter.ended(self.unit.name, reason, delay)
            await asyncio.sleep(delay)

    async def stop(self) -> None:
        """End the program: SIGTERM, and SIGKILL when that takes too long."""
        if self._starting is None:
            return
        try:
            process = await self._starting
        except OSError:  # it never started
            return
        if process.returncode is None:
            process.send_signal(signal.SIGTERM)
        try:
            await asyncio.wait_for(process.wait(), self.unit.stop_seconds)
        except TimeoutError:
            _end_all(process.pid)
            await process.wait()
        finally:
            _end_all(process.pid)

    def close(self) -> None:
        """Give the sockets back."""
        self._notices.close()
        self.listeners.close()

    async def _once(self, started: float) -> str:
        self._notices.restart()
        # A task of its own: when this is cancelled half-way, `stop` still learns of the process.
        self._starting = asyncio.create_task(self._start())
        try:
            process = await asyncio.shield(self._starting)
        except OSError as error:
            return f"could not be started: {error.strerror}"
        watch = asyncio.create_task(self._watch(process.pid, started))
        try:
            return _ending(await process.wait()) + ("; it hung" if watch.done() else "")
        finally:
            watch.cancel()
            if process.returncode is not None:
                _end_all(process.pid)

    async def _start(self) -> asyncio.subprocess.Process:
        descriptors = self.listeners.descriptors
        with self.log.open("ab") as log:
            return await asyncio.create_subprocess_exec(
                *(sys.executable, "-I", "-S", exec_unit.__file__, str(os.getpid())),
                ":".join(self.listeners.names),
                ",".join(map(str, descriptors)),
                *self.unit.command,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                pass_fds=descriptors,
                env=self._environment(),
                start_new_session=True,  # the terminal's Ctrl-C is for the supervisor alone
            )

    def _environment(self) -> dict[str, str]:
        kept = {key: value for key, value in os.environ.items() if key not in _NOT_PASSED_ON}
        return {
            **kept,
            **_OFFLINE,
            "PYTHONUNBUFFERED": "1",
            "NOTIFY_SOCKET": str(self._notices.path),
            "WATCHDOG_USEC": str(int(self.unit.watchdog_seconds * 1_000_000)),
        }

    async def _watch(self, process: int, started: float) -> None:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._notices.ready.wait(), self.unit.start_seconds)
            self._reporter.ready(self.unit.name, time.monotonic() - started)
            self.was_ready.set()
            await self._notices.silence(self.unit.watchdog_seconds)
        _end_all(process)


def _end_all(leader: int) -> None:
    """Kill a program with whatever it has started: they share the group named by its first."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(leader, signal.SIGKILL)


def _ending(code: int) -> str:
    if code < 0:
        return f"ended by {signal.Signals(-code).name}"
    return f"ended with exit code {code}"
