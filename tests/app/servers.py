"""Apps on real sockets, in a thread beside the test."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Awaitable, Callable, Sequence

import uvicorn

from hearth.ops.serving import ASGI

Served = Sequence[tuple[ASGI, socket.socket]]


class _Server(uvicorn.Server):
    def install_signal_handlers(self) -> None:
        pass


class Running:
    """Apps on sockets, in a thread with an event loop of its own."""

    def __init__(self, apps: Callable[[], Served], closing: Callable[[], Awaitable[None]]) -> None:
        self._apps = apps
        self._closing = closing
        self._servers: list[_Server] = []
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve()))

    def __enter__(self) -> Running:
        self._thread.start()
        while not (self._servers and all(server.started for server in self._servers)):
            if not self._thread.is_alive():
                raise RuntimeError("the servers did not start")
            threading.Event().wait(0.01)
        return self

    def __exit__(self, *_: object) -> None:
        for server in self._servers:
            server.should_exit = True
            server.force_exit = True
        self._thread.join(20)

    async def _serve(self) -> None:
        apps = self._apps()
        self._servers = [
            _Server(uvicorn.Config(app, log_config=None, lifespan="off")) for app, _ in apps
        ]
        await asyncio.gather(
            *(
                server.serve(sockets=[listener])
                for server, (_, listener) in zip(self._servers, apps, strict=True)
            )
        )
        await self._closing()


def loopback_socket() -> socket.socket:
    # Named as TCP, or asyncio does not turn Nagle's algorithm off and each answer takes 40 ms.
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.bind(("127.0.0.1", 0))
    listener.listen(64)
    return listener
