"""Small files that are there as they were or as they are now, whatever happens in between."""

from __future__ import annotations

import errno
import os
from pathlib import Path

from hearth.core.errors import StorageFull

_FULL = {errno.ENOSPC, errno.EDQUOT}


def put(path: Path, data: bytes, *, mode: int = 0o600) -> None:
    """Write a file whole, so that it outlives a power cut too; StorageFull changes nothing."""
    # With a dot, since a pod takes in what lies in its folders under any other name.
    draft = path.with_name(f".{path.name.removeprefix('.')}.new")
    try:
        draft.unlink(missing_ok=True)
        handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
        with os.fdopen(handle, "wb") as file:
            os.fchmod(handle, mode)  # whatever the umask
            file.write(data)
            file.flush()
            os.fsync(handle)
        draft.replace(path)
        _settle(path.parent)
    except OSError as error:
        draft.unlink(missing_ok=True)
        if error.errno not in _FULL:
            raise
        raise StorageFull(
            "the disk is full; nothing was changed",
            where=path.name,
            remedy="Free some space and try again.",
        ) from error


def _settle(folder: Path) -> None:
    """Put the rename on the disk, not only what the file says."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
