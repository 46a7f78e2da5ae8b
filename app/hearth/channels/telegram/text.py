"""An answer as Telegram takes it: plain text in pieces that fit, with its sources below."""

from __future__ import annotations

import re
from collections.abc import Iterator

from hearth.core.turns import Message

PIECE = 4_096  # the Bot API's limit; counted here in UTF-16 units, its strictest reading
# Where a text is best cut, the best first: paragraph, line, sentence, word.
_CUTS = (
    re.compile(r"\n\s*\n"),
    re.compile(r"\n"),
    re.compile(r"(?<=[.!?…])\s+"),
    re.compile(r"\s"),
)
_AT_LEAST = 0.5  # a piece is at least this full before a worse cut is taken for a fuller one


def units(text: str) -> int:
    """The length of a text in UTF-16 units."""
    return len(text) + sum(ord(character) > 0xFFFF for character in text)


def pieces(text: str, limit: int = PIECE) -> Iterator[str]:
    """The text in pieces of at most `limit` units, cut between sentences where that can be."""
    rest = text.strip()
    while units(rest) > limit:
        end = _cut(rest, _fitting(rest, limit))
        yield rest[:end].rstrip()
        rest = rest[end:].lstrip()
    if rest:
        yield rest


def answer(message: Message) -> str:
    """The pod's words, and what they rest on."""
    sources = [
        f"[{each.number}] {each.title} ({', '.join(filter(None, (each.source, each.locator)))})"
        for each in message.citations
    ]
    return "\n\n".join(filter(None, (message.text.strip(), "\n".join(sources))))


def _fitting(text: str, limit: int) -> int:
    """How many characters of the text fit."""
    count = 0
    for index, character in enumerate(text):
        count += 2 if ord(character) > 0xFFFF else 1
        if count > limit:
            return index
    return len(text)


def _cut(text: str, fitting: int) -> int:
    best = 0
    for cut in _CUTS:
        ends = [found.end() for found in cut.finditer(text, 0, fitting + 1)]
        inside = [
            end for end in ends if text[:end].rstrip() and len(text[:end].rstrip()) <= fitting
        ]
        best = max([best, *inside])
        if best >= fitting * _AT_LEAST:
            return best
    return best or fitting
