"""What the lab tells the person who runs it."""

from __future__ import annotations

import sys
import time
from typing import NoReturn

_began = time.monotonic()


class LabError(Exception):
    """The lab cannot do what it was asked; the message names the remedy."""


def say(line: str) -> None:
    """Print one line of progress, with the seconds since the start."""
    print(f"[{time.monotonic() - _began:7.2f}] {line}", file=sys.stderr, flush=True)


def give_up(error: LabError, status: int = 2) -> NoReturn:
    """End the program with the error's words alone."""
    print(error, file=sys.stderr)
    raise SystemExit(status)
