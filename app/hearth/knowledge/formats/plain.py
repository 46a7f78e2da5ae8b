"""Plain text (.txt)."""

from __future__ import annotations

from hearth.knowledge.formats.base import Reading, subject, title_from_name
from hearth.knowledge.formats.decoding import decode

SUFFIXES = frozenset({".txt", ".text"})


def read(name: str, data: bytes) -> Reading:
    """A text; the title is its subject line where it is a letter that has one."""
    text = decode(data, name)
    return Reading(kind="text", title=subject(text) or title_from_name(name), text=text)
