"""How every Hearth program serves: named sockets, readiness, watchdog, health, a clean stop."""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import gc
import os
import signal
import socket
from collections.abc import Awaitable, Callable, Iterator, Mapping, MutableMapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

import uvicorn
from sse_starlette.sse import AppStatus

from hearth.ops import notify

Scope = MutableMapping[str, Any]
ASGI = Callable[[Scope, Any, Any], Awaitable[None]]
_FIRST_PASSED_DESCRIPTOR = 3  # sd_listen_fds(3)


def passed_sockets() -> dict[str, list[socket.socket]]:
    """The listening sockets that the service manager passed, by name (sd_listen_fds(3))."""
    if os.environ.get("LISTEN_PID") != str(os.getpid()):
        return {}
    count = int(os.environ.get("LISTEN_FDS", "0"))
    names = os.environ.get("LISTEN_FDNAMES", "").split(":")
    sockets: dict[str, list[socket.socket]] = {}
    for offset in range(count):
        name = names[offset] if offset < len(names) else "unknown"
        passed = socket.socket(fileno=_FIRST_PASSED_DESCRIPTOR + offset)
        sockets.setdefault(name.removesuffix(".socket"), []).append(passed)
    return sockets


def bind_unix(path: Path, mode: int = 0o660) -> socket.socket:
    """A listening Unix socket at `path`, replacing one that a dead process left."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        listener.bind(str(path))
    except OSError:
        listener.close()
        raise
    path.chmod(mode)
    listener.listen(256)
    return listener


class Caller:
    """Marks each request with the caller whose socket it came in by (`scope["caller"]`)."""

    def __init__(self, app: ASGI, name: str) -> None:
        self.app = app
        self.name = name

    async def __call__(self, scope: Scope, receive: Any, send: Any) -> None:
        scope["caller"] = self.name
        await self.app(scope, receive, send)


class _Server(uvicorn.Server):
    """uvicorn without signal handlers of its own: one handler stops all sockets together."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


async def serve(
    apps: Mapping[str, ASGI],
    paths: Mapping[str, Path],
    *,
    modes: Mapping[str, int] = MappingProxyType({}),
    ready: Callable[[], Awaitable[None]] | None = None,
    stopping: Callable[[], Awaitable[None]] | None = None,
    healthy: Callable[[], bool] = lambda: True,
) -> None:
    """Serve `apps[caller]` on the socket named `caller` until SIGTERM or SIGINT.

    A socket that the service manager did not pass is bound at `paths[caller]`, with the permissions
    `modes[caller]` where given. `ready` runs before READY=1; the watchdog is fed from the event
    loop, and only while `healthy` says so.
    """
    passed = passed_sockets()
    servers: list[tuple[_Server, list[socket.socket]]] = []
    for caller, app in apps.items():
        sockets = passed.get(caller) or [bind_unix(paths[caller], modes.get(caller, 0o660))]
        config = uvicorn.Config(
            Caller(app, caller),
            log_config=None,
            access_log=False,
            lifespan="off",
            timeout_graceful_shutdown=5,
            server_header=False,
            proxy_headers=False,  # anyone on loopback could send them; the hub reads Caddy's
        )
        servers.append((_Server(config), sockets))
    if ready:
        await ready()

    AppStatus.should_exit = False

    def stop() -> None:
        AppStatus.should_exit = True  # event streams end at once, and readers come back later
        for server, _ in servers:
            server.should_exit = True

    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop)
    feeder = asyncio.create_task(_feed_watchdog(servers, healthy))
    try:
        await asyncio.gather(*(server.serve(sockets=sockets) for server, sockets in servers))
    finally:
        feeder.cancel()
        notify.send("STOPPING=1")
        if stopping:
            await stopping()


async def _feed_watchdog(
    servers: list[tuple[_Server, list[socket.socket]]], healthy: Callable[[], bool]
) -> None:
    while not all(server.started for server, _ in servers):  # noqa: ASYNC110 - uvicorn has no event
        await asyncio.sleep(0.01)
    give_back_memory()
    gc.freeze()
    notify.send("READY=1")
    interval = notify.watchdog_interval()
    while interval:
        if healthy():
            notify.send("WATCHDOG=1")
        await asyncio.sleep(interval / 2)


def give_back_memory() -> None:
    """Return to the system what starting up or reading files has used: 5 to 8 MB in a pod."""
    gc.collect()
    with contextlib.suppress(AttributeError):  # only glibc has it
        ctypes.CDLL(None).malloc_trim(0)
