"""What a pod's connectors have brought into its inbox, seen from the pod."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path

from hearth.connectors.folder import RECORD, record
from hearth.core.api import ConnectorState

_LOOK_SECONDS = 5.0
_AGAIN_SECONDS = 60.0  # when the sources could not be read


def holds_a_copy(folder: Path) -> bool:
    """Whether a look ever succeeded, so that a file that is not there was deleted."""
    state = record(folder)
    return state is not None and state.fetched is not None


def states(folders: Mapping[str, Path]) -> tuple[ConnectorState, ...]:
    """How each connector is that has looked at least once."""
    found = {name: record(folder) for name, folder in folders.items()}
    return tuple(
        state.model_copy(update={"name": name}) for name, state in sorted(found.items()) if state
    )


async def follow(
    folders: Mapping[str, Path],
    sync: Callable[[], Awaitable[bool]],
    *,
    every: float = _LOOK_SECONDS,
) -> None:
    """Sync now, and after each look of a connector; `sync` says whether it went well."""
    done: list[tuple[int, ...]] | None = None
    while True:
        marks = [_mark(folder) for folder in folders.values()]
        if marks != done:
            well = await sync()
            done = marks if well else None
            if not well:
                await asyncio.sleep(_AGAIN_SECONDS)
        elif not folders:
            return
        await asyncio.sleep(every)


def _mark(folder: Path) -> tuple[int, ...]:
    """Changes with each new record: it is a new file every time."""
    try:
        status = (folder / RECORD).stat(follow_symlinks=False)
    except OSError:
        return ()
    return status.st_ino, status.st_mtime_ns, status.st_size
