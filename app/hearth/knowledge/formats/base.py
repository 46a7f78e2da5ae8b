"""What reading a file gives, whatever its format."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import PurePath
from typing import Literal

_SUBJECT = re.compile(r"(subject|re|betreff|betr\.)\s*:\s*(?P<subject>\S.*)", re.IGNORECASE)
_SALUTATION = re.compile(r"(dear|hello|hi|sehr geehrte|liebe|hallo)\b", re.IGNORECASE)
_DATED = re.compile(r".*\b(19|20)\d\d\.?$|.*\d\d?\.\d\d?\.$")
_LETTERHEAD_LINES = 30
_TITLE_CHARACTERS = 90


@dataclass(frozen=True)
class Reading:
    """A file as text that can be quoted, or as a picture."""

    kind: Literal["text", "image"]
    title: str
    text: str | None
    paged: bool = False  # pages end with a form feed
    markdown: bool = False
    detail: str = ""


def title_from_name(name: str) -> str:
    """A title from a file's name: `car_insurance-2026.pdf` is "Car insurance 2026"."""
    bare = re.sub(r"[\s_-]+", " ", PurePath(name).stem).strip()
    return bare[:1].upper() + bare[1:] or name


def subject(text: str) -> str | None:
    """The subject of a letter: a line that says so, or the line by itself above "Dear …"."""
    lines = [line.strip() for line in text.split("\n")[:_LETTERHEAD_LINES]]
    for line in lines:
        if found := _SUBJECT.match(line):
            return found["subject"][:_TITLE_CHARACTERS]
    opening = next((at for at, line in enumerate(lines) if _SALUTATION.match(line)), 0)
    above = [line for line in lines[:opening] if line]
    line = above[-1] if above else ""
    apart = bool(line) and _stands_apart(lines, lines.index(line))
    return line if apart and len(line) <= _TITLE_CHARACTERS and not _DATED.match(line) else None


def _stands_apart(lines: list[str], at: int) -> bool:
    return at > 0 and not lines[at - 1] and not lines[at + 1]
