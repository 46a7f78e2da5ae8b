"""The listening sockets of units. They outlive their programs, so that callers only wait."""

from __future__ import annotations

import errno
import os
import socket
from contextlib import suppress
from pathlib import Path

from hearth.core.errors import BadConfiguration, Unavailable
from hearth.ops.serving import bind_unix
from hearth.ops.supervisor.unit import Unit


class Listeners:
    """One unit's sockets in the order in which they are passed."""

    def __init__(self, unit: Unit) -> None:
        self._paths = list(unit.sockets.values())
        self.names: list[str] = []
        self._sockets: list[socket.socket] = []
        try:
            self._open(unit)
        except BaseException:
            self.close()
            raise

    @property
    def descriptors(self) -> tuple[int, ...]:
        """The file descriptors to pass, in the order of `names`."""
        return tuple(listener.fileno() for listener in self._sockets)

    def close(self) -> None:
        """Close the sockets and remove their paths."""
        for listener in self._sockets:
            listener.close()
        for path in self._paths:
            path.unlink(missing_ok=True)

    def _open(self, unit: Unit) -> None:
        if unit.address is not None:
            self._add("web", _tcp(unit.address))
        for caller, path in unit.sockets.items():
            self._add(caller, _unix(path))

    def _add(self, name: str, listener: socket.socket) -> None:
        self.names.append(name)
        self._sockets.append(listener)


def private_folder(path: Path) -> Path:
    """`path` as a folder that only this user can enter."""
    path.mkdir(parents=True, exist_ok=True, mode=0o700)
    with suppress(PermissionError):  # somebody else's folder refuses, and is caught below
        path.chmod(0o700)
    if path.stat().st_uid != os.getuid():
        raise BadConfiguration(
            "this folder belongs to another user",
            where=str(path),
            remedy="Set runtime_dir to a folder of your own.",
        )
    return path


def _unix(path: Path) -> socket.socket:
    private_folder(path.parent)
    try:
        return bind_unix(path, 0o600)
    except OSError as error:
        if "too long" not in str(error):
            raise
        raise BadConfiguration(
            "this is too long for the path of a socket",
            where=str(path),
            remedy="Set runtime_dir to a shorter path.",
        ) from error


def _tcp(address: str) -> socket.socket:
    host, _, port = address.rpartition(":")
    family = socket.AF_INET6 if host.startswith("[") else socket.AF_INET
    # Named as TCP, because asyncio turns Nagle's delays off for nothing else.
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host.strip("[]"), int(port)))
        listener.listen(256)
    except OSError as error:
        listener.close()
        raise _refused(error, address) from error
    return listener


def _refused(error: OSError, address: str) -> Unavailable:
    taken = error.errno == errno.EADDRINUSE
    reason = "another program listens there" if taken else (error.strerror or str(error)).lower()
    return Unavailable(
        reason, where=address, remedy="Stop that program, or set another port in hub.listen."
    )
