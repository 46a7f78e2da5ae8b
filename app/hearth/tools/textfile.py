"""Text files as importers read them and openers show them: lines, and where a fault is."""

from __future__ import annotations

import re
from collections.abc import Collection

from hearth.core.api import SourceLine
from hearth.core.errors import BadInput

_NEWLINE = re.compile(r"\r\n|\n|\r")


def lines(text: str) -> list[str]:
    """The lines of `text`, without their ends; the first is line 1."""
    found = _NEWLINE.split(text)
    return found[:-1] if found and not found[-1] else found


def fault(name: str, line: int, message: str, remedy: str) -> BadInput:
    """The error for a line of a file."""
    return BadInput(message, where=f"{name}, line {line}", remedy=remedy)


def line_at(data: bytes, offset: int) -> int:
    """The line, from 1, on which a byte stands."""
    return data.count(b"\n", 0, offset) + 1


def refuse_nul(data: bytes, name: str) -> None:
    """BadInput when the file holds a NUL byte: then it is no text, or damaged."""
    place = data.find(b"\0")
    if place >= 0:
        remedy = "Export the file again; this copy is damaged or is not text."
        raise fault(name, line_at(data, place), "there is a NUL byte", remedy)


def excerpt(text: str, numbers: Collection[int], cited: Collection[int]) -> tuple[SourceLine, ...]:
    """The lines with these numbers, as they stand, those in `cited` marked."""
    every = lines(text)
    return tuple(
        SourceLine(number=number, text=every[number - 1], cited=number in cited)
        for number in sorted(set(numbers))
        if 1 <= number <= len(every)
    )
