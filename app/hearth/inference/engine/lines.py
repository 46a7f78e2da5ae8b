"""A model's process and the service talk in JSON lines over a socket that the process inherits."""

from __future__ import annotations

import contextlib
import json
import os
import socket
import threading
from collections.abc import Callable, Iterator
from typing import Any

from prometheus_client import generate_latest

from hearth.core.errors import HearthError
from hearth.inference.metrics import REGISTRY

_BEAT_SECONDS = 1.0
Message = dict[str, Any]


class Lines:
    """The process's end. When the service is gone, so is the process."""

    def __init__(self, descriptor: int) -> None:
        self._connection = socket.socket(fileno=descriptor)
        self._lines = self._connection.makefile("rb")
        self.lock = threading.RLock()  # held by who sends several messages in a row

    def __iter__(self) -> Iterator[Message]:
        return map(json.loads, self._lines)

    def send(self, message: Message) -> None:
        """Tell the service something; from any thread."""
        line = json.dumps(message).encode() + b"\n"
        try:
            with self.lock:
                self._connection.sendall(line)
        except OSError:
            os._exit(0)

    def fail(self, at: int | None, error: HearthError) -> None:
        """Tell it that a request cannot be answered; None for the loading of the model."""
        self.send({"failed": at, "problem": error.problem()})

    def hang_up(self) -> None:
        """End the conversation: the service starts the process again, if it is still wanted."""
        with contextlib.suppress(OSError):
            self._connection.shutdown(socket.SHUT_RDWR)

    def beat(self, healthy: Callable[[], bool]) -> None:
        """Say each second that all is well; the service ends a process that is silent."""
        threading.Thread(target=self._beat, args=(healthy,), daemon=True).start()

    def _beat(self, healthy: Callable[[], bool]) -> None:
        pause = threading.Event()
        while not pause.wait(_BEAT_SECONDS):
            if healthy():
                self.send({"alive": True, "metrics": generate_latest(REGISTRY).decode()})
