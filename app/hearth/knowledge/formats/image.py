"""Photographs and scans (.jpg, .png): kept in view, their text not read."""

from __future__ import annotations

from hearth.knowledge.formats.base import Reading, title_from_name

SUFFIXES = frozenset({".jpg", ".jpeg", ".png"})


def read(name: str, _data: bytes) -> Reading:
    """A picture without text, so that the member sees that it is there."""
    return Reading(
        kind="image",
        title=title_from_name(name),
        text=None,
        detail="a picture; its text is not read yet",
    )
