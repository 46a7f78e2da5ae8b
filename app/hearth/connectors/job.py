"""What every kind of connector is given, and what it tells."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from hearth.core.api import FileFailure


@dataclass(frozen=True)
class Job:
    """One look elsewhere."""

    name: str
    folder: Path  # where what is fetched goes, and what was fetched before lies
    credential: str  # never said, logged or written down
    zone: str
    most_bytes: int  # of one file; the pod reads no larger one
    ca_file: Path | None = None


@dataclass(frozen=True)
class Found:
    """What a look saw and did, in the kind's own things: events, mails, files."""

    seen: int = 0
    added: int = 0
    changed: int = 0
    removed: int = 0
    failed: tuple[FileFailure, ...] = ()


# A kind brings the folder up to date. It can be killed at any point and run again at any time; a
# HearthError says why it changed nothing.
Kind = Callable[[Job], Found]
