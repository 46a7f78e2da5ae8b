"""A model's process: started, spoken to in JSON lines, watched, and started again when it dies.

Each model has a process of its own, because llama.cpp aborts on some inputs, because which GPUs a
process sees is fixed when it starts, and because only the end of a process gives all of its memory
back.
"""

from __future__ import annotations

import contextlib
import json
import logging
import math
import os
import queue
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from hearth.core.errors import Damaged, HearthError, Unavailable, from_problem

_log = logging.getLogger("hearth.inference")
_STEADY_SECONDS = 10.0  # who has served for so long is started again at once
_LONGEST_PAUSE = 30.0
_TRIES = 3  # to load for the first time
Message = dict[str, Any]
Outgoing = queue.SimpleQueue[bytes | None]  # lines; None for the end


@dataclass(frozen=True)
class Limits:
    """Seconds of patience with a process."""

    loading: float = 600.0  # a large model from a slow disk
    silent: float = 30.0  # it says each second that it is well, until a step takes minutes
    stop: float = 5.0  # to end by itself


USUAL = Limits()


class Child:
    """A process that is kept running until `close`. `command` gets the socket's number appended.

    `receive` gets every message but the first ({"ready": …}), from a thread of its own; `lost`
    is called when the process has died, `ready` each time it has loaded.
    """

    def __init__(
        self,
        name: str,
        command: Sequence[str],
        spec: Message,
        *,
        receive: Callable[[Message], None],
        ready: Callable[[Any], None] = lambda _: None,
        lost: Callable[[], None] = lambda: None,
        environment: Mapping[str, str] | None = None,
        limits: Limits = USUAL,
    ) -> None:
        self.name = name
        self._command = [*command]
        self._spec = spec
        self._receive = receive
        self._ready = ready
        self._lost = lost
        self._environment = {**os.environ, **(environment or {})}
        self._limits = limits
        self._lock = threading.Lock()
        self._outgoing: Outgoing | None = None  # while it can be asked
        self._process: subprocess.Popen[bytes] | None = None
        self._heard = time.monotonic()
        self._ready_since = math.inf
        self._loaded = threading.Event()  # the first time, or it has failed
        self._fault: HearthError | None = None
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._keep, name=f"model-{name}", daemon=True)
        self._thread.start()
        threading.Thread(target=self._watch, name=f"watch-{name}", daemon=True).start()

    def wait(self) -> None:
        """Until it has loaded for the first time; raises what it could not load for."""
        if not self._loaded.wait(self._limits.loading):
            self.close()
            raise Unavailable(
                f"the model {self.name} is not ready after {self._limits.loading:.0f} s"
            )
        if self._fault:
            raise self._fault

    @property
    def pid(self) -> int | None:
        """The process, while there is one."""
        return self._process.pid if self._process else None

    @property
    def up(self) -> bool:
        """Whether it can be asked."""
        return self._outgoing is not None

    @property
    def ended(self) -> bool:
        """Whether it is not started again."""
        return self._closing.is_set() or not self._thread.is_alive()

    def send(self, message: Message) -> None:
        """Tell it something, without waiting; Unavailable while it is being started again."""
        outgoing = self._outgoing
        if outgoing is None:
            raise Stopped
        outgoing.put(json.dumps(message).encode() + b"\n")

    def close(self) -> None:
        """End it after the running step, or by force."""
        with self._lock:
            self._closing.set()
            if self._outgoing:
                self._outgoing.put(None)
            elif self._process:
                self._process.kill()  # it has nothing to finish while it loads
        self._thread.join(self._limits.stop)
        if self._process and self._process.poll() is None:
            self._process.kill()
            self._thread.join(self._limits.stop)

    def _keep(self) -> None:
        pause = 0.0
        tries = 0
        while not self._closing.wait(pause):
            self._ready_since = math.inf
            self._run_once()
            tries += 1
            if not self._loaded.is_set() and tries == _TRIES:
                self._fault = self._fault or Damaged(
                    f"the process of the model {self.name} ends while it loads",
                    remedy="Run `hearth models verify`; the log says what llama.cpp objected to.",
                )
            if self._fault and not self._loaded.is_set():
                break
            steady = time.monotonic() - self._ready_since > _STEADY_SECONDS
            pause = 0.0 if steady else min(max(2 * pause, 0.25), _LONGEST_PAUSE)
        if not self._loaded.is_set():
            self._fault = self._fault or Stopped()
        self._loaded.set()

    def _run_once(self) -> None:
        """Start the process and listen until it ends."""
        ours, theirs = socket.socketpair()
        with ours:
            with theirs:
                process = self._start(theirs.fileno())
            if process is None:
                return
            outgoing: Outgoing = queue.SimpleQueue()
            outgoing.put(json.dumps(self._spec).encode() + b"\n")
            # A thread of its own, because a process that hangs reads nothing.
            writer = threading.Thread(target=_write, args=(outgoing, ours), daemon=True)
            writer.start()
            try:
                with ours.makefile("rb") as lines:
                    self._listen(outgoing, lines)
            except Exception:  # it must be kept running whatever it says
                _log.exception("a model's process makes no sense", extra={"model": self.name})
                process.kill()
            with self._lock:
                self._outgoing = None
            self._lost()
            status = _end(process, self._limits.stop)
            if not self._closing.is_set():
                _log.error(
                    "a model's process has ended", extra={"model": self.name, "status": status}
                )
            outgoing.put(None)
            writer.join()

    def _start(self, descriptor: int) -> subprocess.Popen[bytes] | None:
        with self._lock:  # so that `close` finds it
            if self._closing.is_set():
                return None
            self._heard = time.monotonic()
            try:
                self._process = subprocess.Popen(
                    [*self._command, str(descriptor)],
                    pass_fds=[descriptor],
                    stdin=subprocess.DEVNULL,
                    env=self._environment,
                )
            except OSError as error:
                _log.exception("a model's process cannot be started", extra={"model": self.name})
                self._fault = Unavailable(f"the model {self.name} cannot be started: {error}")
                return None
            return self._process

    def _listen(self, outgoing: Outgoing, lines: Any) -> None:
        for line in _whole(lines):
            self._heard = time.monotonic()
            message = json.loads(line)
            if "ready" in message:
                with self._lock:
                    if self._closing.is_set():
                        return
                    self._outgoing = outgoing
                self._ready_since = self._heard
                self._ready(message["ready"])
                self._loaded.set()
            elif "failed" in message and message["failed"] is None:
                self._fault = from_problem(message["problem"], "the model could not be loaded")
                _log.error("a model cannot be loaded", extra={"fault": str(self._fault)})
            else:
                self._receive(message)

    def _watch(self) -> None:
        """End a process that has been silent for too long; it is started again."""
        while not self._closing.wait(min(self._limits.stop, self._limits.silent / 2)):
            limit = self._limits.silent if self.up else self._limits.loading
            process = self._process
            if process and process.poll() is None and time.monotonic() - self._heard > limit:
                _log.error("a model's process is stuck", extra={"model": self.name})
                process.kill()


def _whole(lines: Any) -> Any:
    """The lines that have come whole; the process may die in the middle of one."""
    with contextlib.suppress(ConnectionError):
        for line in lines:
            if line.endswith(b"\n"):
                yield line


def _write(outgoing: Outgoing, connection: socket.socket) -> None:
    with contextlib.suppress(OSError):  # who reads notices it too
        for line in iter(outgoing.get, None):
            connection.sendall(line)
        connection.shutdown(socket.SHUT_WR)


def _end(process: subprocess.Popen[bytes], seconds: float) -> int:
    """Wait for a process that has closed its end, or end it; returns its status."""
    try:
        return process.wait(seconds)
    except subprocess.TimeoutExpired:
        process.kill()
        return process.wait()


class Stopped(Unavailable):
    """A process has died, and a request with it."""

    def __init__(self) -> None:
        super().__init__(
            "the model server has stopped",
            remedy="It restarts by itself; try again in a moment.",
            retry_after=1,
        )
