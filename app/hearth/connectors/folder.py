"""A connector's folder in a pod's inbox: what it fetched, and beside it what it says of that.

The connector writes, and the pod reads. Files whose names begin with a dot are not the pod's to
take in: the record, which it shows to members, and the state, which is the connector's alone.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import stat
from collections.abc import Iterator
from pathlib import Path

from pydantic import ValidationError

from hearth.core.api import ConnectorState
from hearth.core.errors import Busy, Unavailable
from hearth.store import whole

RECORD = ".sync.json"
STATE = ".state.json"
_RECORD_BYTES = 1_000_000
FOR_THE_POD = 0o640  # the folder hands down the pod's group


def record(folder: Path) -> ConnectorState | None:
    """What the last look saw and did; None before the first, or where it is no record."""
    try:
        return ConnectorState.model_validate_json(_read(folder / RECORD, _RECORD_BYTES))
    except (OSError, ValidationError):
        return None


def put_record(folder: Path, state: ConnectorState) -> None:
    """Say what this look saw and did."""
    whole.put(folder / RECORD, state.model_dump_json().encode(), mode=FOR_THE_POD)


@contextlib.contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Hold the folder; Busy when another process does, Unavailable when it is not there."""
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)  # a box has made it already
        handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    except OSError as error:
        raise Unavailable(
            f"the inbox cannot be opened: {error.strerror}",
            where=str(folder),
            remedy="Mount its disk, and let the connector's user write into it.",
        ) from error
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        raise Busy("this connector is at work already", where=str(folder)) from error
    else:
        yield
    finally:
        os.close(handle)


def _read(path: Path, limit: int) -> bytes:
    # The pod does not trust who writes here: no link leads it elsewhere, no pipe makes it wait.
    handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    with os.fdopen(handle, "rb") as stream:
        if not stat.S_ISREG(os.fstat(stream.fileno()).st_mode):
            raise OSError("not a file")
        data = stream.read(limit + 1)
    if len(data) > limit:
        raise OSError("too large")
    return data
