"""Files on their way into a pod: what lies in a folder, and what an upload may be called."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from hearth.core.errors import BadInput, TooLarge
from hearth.store import whole

_NAME_BYTES = 200
_LITTER = frozenset({"thumbs.db", "desktop.ini"})  # what desktops leave behind


@dataclass(frozen=True)
class FoundFile:
    """A regular file in a source folder."""

    path: str  # relative to the folder, with "/"; undecodable bytes replaced
    place: Path
    size: int
    modified: float  # seconds


def walk(folder: Path) -> Iterator[FoundFile]:
    """Every file of `folder` and below, by name; hidden ones and what lies outside are passed over.

    Raises OSError when the folder itself cannot be read.
    """
    root = folder.resolve(strict=True)
    os.scandir(root).close()  # os.walk would pass over a folder that may not be read
    for parent, folders, names in os.walk(root):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(names):
            if not name.startswith(".") and name.lower() not in _LITTER:
                yield from _found(root, Path(parent) / name)


def _found(root: Path, place: Path) -> Iterator[FoundFile]:
    try:
        target = place.resolve(strict=True)
        status = target.stat()
    except OSError:
        return  # it vanished, or the link leads nowhere
    if stat.S_ISREG(status.st_mode) and target.is_relative_to(root):
        relative = os.fsencode(place.relative_to(root)).decode(errors="replace")
        yield FoundFile(relative, target, status.st_size, status.st_mtime)


def load(file: FoundFile, limit: int) -> bytes:
    """The file's bytes; TooLarge when there are more than `limit`, unread."""
    check_size(file.size, limit, file.path)
    try:
        with file.place.open("rb") as stream:
            data = stream.read(limit + 1)
    except OSError as error:
        raise BadInput(
            f"the file cannot be read: {error.strerror}",
            where=file.path,
            remedy="Let the pod's user read it.",
        ) from error
    check_size(len(data), limit, file.path)
    return data


def check_size(size: int, limit: int, name: str) -> None:
    """TooLarge when a file is larger than `limit` bytes."""
    if size > limit:
        raise TooLarge(
            f"the file has {size / 1e6:.1f} MB; at most {limit / 1e6:.1f} MB are read",
            where=name,
            remedy="Split it, or raise `file_bytes` of this pod.",
        )


def check_name(name: str) -> None:
    """BadInput unless `name` is a plain file name."""
    plain = name.isprintable() and "/" not in name and not name.startswith(".")
    if not name or not plain or len(name.encode(errors="replace")) > _NAME_BYTES:
        raise BadInput(
            f"{name[:80]!r} cannot be a file's name",
            where="name",
            remedy="Use a short name without / that does not begin with a dot.",
        )


def keep(folder: Path, name: str, data: bytes) -> FoundFile:
    """Write a new file so that it is there whole or not at all; an existing one is not touched."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    place = _free(folder, name)
    whole.put(place, data)
    return next(_found(folder.resolve(), place))


def _free(folder: Path, name: str) -> Path:
    place, number = folder / name, 2
    while place.exists():
        place = folder / f"{Path(name).stem} ({number}){Path(name).suffix}"
        number += 1
    return place
