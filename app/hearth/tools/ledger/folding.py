"""Names in a form in which their spellings meet: Grünmarkt, GRUENMARKT and Grunmarkt."""

from __future__ import annotations

import re

from hearth.core.terms import words

_UMLAUT = re.compile(r"([aou])e")


def tokens(text: str) -> list[str]:
    """The words of a name: lower case, no accents, and umlauts written out as if they were not."""
    return [_UMLAUT.sub(r"\1", word) for word in words(text)]
