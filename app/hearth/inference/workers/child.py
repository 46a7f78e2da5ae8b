"""A model's process: started, spoken to in JSON lines, watched, and started again when it dies.

Each model has a process of its own, because llama.cpp aborts on some inputs, because which GPUs a
process sees is fixed when it starts, and because only the end of a process gives all of its memory
back.
"""

from __future__ import annotations

import json
import logging
import os
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from hearth.core.errors import Damaged, HearthError, Unavailable, from_problem

_log = logging.getLogger("hearth.inference")
_LOADING_SECONDS = 600.0  # a large model from a slow disk
_SILENT_SECONDS = 150.0  # more than a step that the engine itself calls stuck
_STOP_SECONDS = 5.0
_STEADY_SECONDS = 60.0  # who lives so long is started again at once
_LONGEST_PAUSE = 30.0
_TRIES = 3  # to load for the first time
Message = dict[str, Any]


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
    ) -> None:
        self.name = name
        self._command = [*command]
        self._spec = spec
        self._receive = receive
        self._ready = ready
        self._lost = lost
        self._environment = {**os.environ, **(environment or {})}
        self._lock = threading.Lock()
        self._connection: socket.socket | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._heard = time.monotonic()
        self._loaded = threading.Event()  # the first time, or it has failed
        self._fault: HearthError | None = None
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._keep, name=f"model-{name}", daemon=True)
        self._thread.start()
        threading.Thread(target=self._watch, name=f"watch-{name}", daemon=True).start()

    def wait(self) -> None:
        """Until it has loaded for the first time; raises what it could not load for."""
        if not self._loaded.wait(_LOADING_SECONDS):
            self.close()
            raise Unavailable(f"the model {self.name} is not ready after {_LOADING_SECONDS:.0f} s")
        if self._fault:
            raise self._fault

    @property
    def pid(self) -> int | None:
        """The process, while there is one."""
        return self._process.pid if self._process else None

    @property
    def up(self) -> bool:
        """Whether it can be asked."""
        return self._connection is not None

    def send(self, message: Message) -> None:
        """Tell it something; Unavailable while it is being started again."""
        line = json.dumps(message).encode() + b"\n"
        with self._lock:
            if self._connection is None:
                raise Stopped
            try:
                self._connection.sendall(line)
            except OSError as error:
                raise Stopped from error

    def close(self) -> None:
        """End it after the running step, or by force."""
        self._closing.set()
        with self._lock:
            if self._connection:
                self._connection.shutdown(socket.SHUT_WR)
        self._thread.join(_STOP_SECONDS)
        if self._process and self._process.poll() is None:
            self._process.kill()
            self._thread.join(_STOP_SECONDS)

    def _keep(self) -> None:
        pause = 0.0
        tries = 0
        while not self._closing.wait(pause):
            begun = time.monotonic()
            self._run_once()
            tries += 1
            if not self._loaded.is_set() and tries == _TRIES:
                self._fault = self._fault or Damaged(
                    f"the process of the model {self.name} ends while it loads",
                    remedy="Run `hearth models verify`; the log says what llama.cpp objected to.",
                )
            if self._fault and not self._loaded.is_set():
                break
            lived = time.monotonic() - begun
            pause = 0.0 if lived > _STEADY_SECONDS else min(max(2 * pause, 0.25), _LONGEST_PAUSE)
        self._loaded.set()

    def _run_once(self) -> None:
        """Start the process and listen until it ends."""
        ours, theirs = socket.socketpair()
        descriptor = theirs.fileno()
        self._heard = time.monotonic()
        self._process = subprocess.Popen(
            [*self._command, str(descriptor)],
            pass_fds=[descriptor],
            stdin=subprocess.DEVNULL,
            env=self._environment,
        )
        theirs.close()
        try:
            with ours, ours.makefile("rb") as lines:
                ours.sendall(json.dumps(self._spec).encode() + b"\n")
                self._listen(ours, lines)
        except (OSError, ValueError) as error:  # cut off in the middle of a line
            _log.debug("a model's process was cut off: %s", error)
        finally:
            with self._lock:
                self._connection = None
            status = self._process.wait()
            if not self._closing.is_set():
                _log.error(
                    "a model's process has ended", extra={"model": self.name, "status": status}
                )
            self._lost()

    def _listen(self, connection: socket.socket, lines: Any) -> None:
        for line in lines:
            self._heard = time.monotonic()
            message = json.loads(line)
            if "ready" in message:
                with self._lock:
                    self._connection = connection
                self._ready(message["ready"])
                self._loaded.set()
            elif "failed" in message and message["failed"] is None:
                self._fault = from_problem(message["problem"], "the model could not be loaded")
                _log.error("a model cannot be loaded", extra={"fault": str(self._fault)})
            else:
                self._receive(message)

    def _watch(self) -> None:
        """End a process that has been silent for too long; it is started again."""
        while not self._closing.wait(_STOP_SECONDS):
            silent = time.monotonic() - self._heard > _SILENT_SECONDS
            if silent and self.up and self._process and self._process.poll() is None:
                _log.error("a model's process is stuck", extra={"model": self.name})
                self._process.send_signal(signal.SIGKILL)


class Stopped(Unavailable):
    """A process has died, and a request with it."""

    def __init__(self) -> None:
        super().__init__(
            "the model server has stopped",
            remedy="It restarts by itself; try again in a moment.",
            retry_after=1,
        )
