"""The receiving end of sd_notify(3): one datagram socket for each unit names its sender."""

from __future__ import annotations

import asyncio
import os
import socket
import time
from pathlib import Path


class Notices(asyncio.DatagramProtocol):
    """What one unit's program last said of itself."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.ready = asyncio.Event()
        self.last_sign = time.monotonic()  # of life
        self._transport: asyncio.BaseTransport | None = None

    async def open(self) -> None:
        """Listen at `path`."""
        self.path.unlink(missing_ok=True)
        channel = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        channel.setblocking(False)
        channel.bind(os.fspath(self.path))
        loop = asyncio.get_running_loop()
        self._transport, _ = await loop.create_datagram_endpoint(lambda: self, sock=channel)

    def close(self) -> None:
        """Stop listening and remove `path`."""
        if self._transport is not None:
            self._transport.close()
        self.path.unlink(missing_ok=True)

    def restart(self) -> None:
        """Forget what the earlier program said."""
        self.ready.clear()
        self.last_sign = time.monotonic()

    def datagram_received(self, data: bytes, addr: object) -> None:
        """Take in one message: KEY=VALUE lines."""
        for line in data.decode(errors="replace").splitlines():
            if line == "READY=1":
                self.last_sign = time.monotonic()
                self.ready.set()
            elif line == "WATCHDOG=1":
                self.last_sign = time.monotonic()

    async def silence(self, seconds: float) -> None:
        """Return once the program has given no sign of life for so long."""
        while (left := self.last_sign + seconds - time.monotonic()) > 0:  # noqa: ASYNC110 - no event
            await asyncio.sleep(left)
