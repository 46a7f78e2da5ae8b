"""Guesses at the next tokens from what came before: prompt lookup decoding (Saxena, 2023).

An answer that words tool results copies names, dates and amounts from them. A guess costs a row
in the batch, and a right one saves a step; a wrong one changes nothing in the answer.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Protocol

from hearth.inference.engine.costs import Costs

_WORDS = 3  # tokens that must match
_FILLER = 0  # a row that is there for the width alone; as a guess it is simply wrong
_MOST = 6  # guesses of one stream in a step
_MEMORY = 0.9  # weight of the past in a stream's share of right guesses


class Lookup:
    """The tokens of one stream, indexed by each run of three."""

    def __init__(self, tokens: Iterable[int]) -> None:
        self._tokens: list[int] = []
        self._after: dict[tuple[int, ...], int] = {}
        self.luck = 0.3  # the share of first guesses that were right, whether computed or not
        for token in tokens:
            self.add(token)

    def add(self, token: int) -> None:
        """Note the next token; a run is indexed once something has followed it."""
        if guess := self.guess(1):
            self.luck = _MEMORY * self.luck + (1 - _MEMORY) * (guess[0] == token)
        if len(self._tokens) >= _WORDS:
            self._after[tuple(self._tokens[-_WORDS:])] = len(self._tokens)
        self._tokens.append(token)

    def guess(self, most: int) -> list[int]:
        """Up to `most` tokens that followed the last run when it came before."""
        at = self._after.get(tuple(self._tokens[-_WORDS:]))
        return [] if at is None or most <= 0 else self._tokens[at : at + most]


class Guesser(Protocol):
    """A stream that may guess."""

    @property
    def luck(self) -> float:
        """The share of its guesses that have been right."""

    def guesses(self, most: int) -> list[int]:
        """Up to `most` tokens that may come next."""

    def fits(self, tokens: int) -> bool:
        """Whether it may still be given so many tokens."""


def deal(streams: Sequence[Guesser], costs: Costs, most: int) -> list[list[int]]:
    """Guesses for each stream, at most `most` in all, as many as make the step worth most.

    A stream's second guess counts only if its first is right, so the chance of each is the
    stream's luck to the power of its place.
    """
    if most <= 0:
        return [[] for _ in streams]
    offers = [stream.guesses(_MOST) for stream in streams]
    ranked = sorted(
        (
            (stream.luck ** (place + 1), place, at)
            for at, (stream, offer) in enumerate(zip(streams, offers, strict=True))
            for place in range(len(offer))
        ),
        key=lambda one: (-one[0], one[1]),
    )
    further = costs.further_rows(len(streams), [chance for chance, _, _ in ranked], most)
    dealt: list[list[int]] = [[] for _ in streams]
    for _, place, at in ranked[:further]:
        dealt[at].append(offers[at][place])
    fillers = further - len(ranked)
    for stream, guesses in zip(streams, dealt, strict=True):
        while fillers > 0 and stream.fits(len(guesses) + 2):
            guesses.append(_FILLER)
            fillers -= 1
    return dealt
