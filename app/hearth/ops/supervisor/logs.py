"""The log file of each unit: a fresh one at every start, three older ones kept."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from pathlib import Path

_KEPT = 3
_LOOK_SECONDS = 0.2


def rotate(path: Path) -> None:
    """Move NAME.log to NAME.log.1, and so on; the oldest goes and an empty one begins."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    for number in range(_KEPT, 0, -1):
        older = path.with_name(f"{path.name}.{number}")
        newer = path.with_name(f"{path.name}.{number - 1}") if number > 1 else path
        if newer.exists():
            newer.replace(older)
    path.touch(mode=0o600)


def last_words(path: Path) -> str:
    """The last line that is not empty, or "" when the log says nothing."""
    try:
        lines = path.read_bytes()[-4_096:].decode(errors="replace").splitlines()
    except FileNotFoundError:
        return ""
    return next((line.strip() for line in reversed(lines) if line.strip()), "")


async def follow(path: Path) -> AsyncIterator[str]:
    """Each line that is written into the log from now on, as it comes."""
    with path.open(encoding="utf-8", errors="replace") as log:
        log.seek(0, os.SEEK_END)
        line = ""
        while True:
            line += log.readline()
            if line.endswith("\n"):
                yield line.rstrip()
                line = ""
            else:
                await asyncio.sleep(_LOOK_SECONDS)
