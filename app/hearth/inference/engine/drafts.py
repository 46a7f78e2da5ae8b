"""Guesses at the next tokens from what came before: prompt lookup decoding (Saxena, 2023).

An answer that words tool results copies names, dates and amounts from them. A guess costs a row
in the batch, and a right one saves a step; a wrong one changes nothing in the answer.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Protocol

_WORDS = 3  # tokens that must match
# llama.cpp computes 8 and 16 rows about as fast as 6 and 10 (its kernels take rows in eights), so
# smaller batches are filled up to these, with whatever there is to guess.
_WIDTHS = (8, 16)
_MOST_SPARE = {8: 4, 16: 7}  # from further below, fewer rows are faster
_FILLER = 0  # a row that is there for the width alone; as a guess it is simply wrong


class Lookup:
    """The tokens of one stream, indexed by each run of three."""

    def __init__(self, tokens: Iterable[int]) -> None:
        self._tokens: list[int] = []
        self._after: dict[tuple[int, ...], int] = {}
        for token in tokens:
            self.add(token)

    def add(self, token: int) -> None:
        """Note the next token; a run is indexed once something has followed it."""
        if len(self._tokens) >= _WORDS:
            self._after[tuple(self._tokens[-_WORDS:])] = len(self._tokens)
        self._tokens.append(token)

    def guess(self, most: int) -> list[int]:
        """Up to `most` tokens that followed the last run when it came before."""
        at = self._after.get(tuple(self._tokens[-_WORDS:]))
        return [] if at is None or most <= 0 else self._tokens[at : at + most]


class Guesser(Protocol):
    """A stream that may guess."""

    def guesses(self, most: int) -> list[int]:
        """Up to `most` tokens that may come next."""

    def fits(self, tokens: int) -> bool:
        """Whether it may still be given so many tokens."""


def deal(streams: Sequence[Guesser]) -> list[list[int]]:
    """Guesses for each stream, so that the batch has a number of rows that computes well."""
    rows = len(streams)
    width = next((width for width in _WIDTHS if rows <= width), rows)
    dealt: list[list[int]] = [[] for _ in streams]
    if width - rows > _MOST_SPARE.get(width, 0):
        return dealt
    offers = [stream.guesses(width - rows) for stream in streams]
    spare = width - rows
    for depth in range(spare):  # a stream's second guess counts only if its first is right
        for guesses, offer in zip(dealt, offers, strict=True):
            if spare and depth < len(offer):
                guesses.append(offer[depth])
                spare -= 1
    for stream, guesses in zip(streams, dealt, strict=True):
        while spare and stream.fits(len(guesses) + 2):
            guesses.append(_FILLER)
            spare -= 1
    return dealt
