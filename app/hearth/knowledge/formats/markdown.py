"""Markdown (.md)."""

from __future__ import annotations

from hearth.knowledge.chunk import headings
from hearth.knowledge.formats.base import Reading, title_from_name
from hearth.knowledge.formats.decoding import decode

SUFFIXES = frozenset({".md", ".markdown"})


def read(name: str, data: bytes) -> Reading:
    """A text with headings, the first of which is its title."""
    text = decode(data, name)
    title = next(filter(None, headings(text, markdown=True)), None)
    return Reading(kind="text", title=title or title_from_name(name), text=text, markdown=True)
