"""One sequence: the tokens it stands for, and where what was computed of them lies."""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from collections.abc import Sequence as Tokens
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Parked:
    """A sequence outside the cache: what llama.cpp wrote of its tokens from `start` on."""

    state: Any  # bytes, as Context.take returns them
    start: int = 0
    base: Sequence | None = None  # a common prefix that holds the tokens before `start`


@dataclass(eq=False)
class Sequence:
    """A sequence in the cache: the tokens it holds, and the cells still promised to it."""

    id: int  # in llama.cpp; means nothing while it is parked
    owner: str | None  # a caller; None for a common prefix
    adapter: str | None = None  # whose weights computed it; no other adapter can go on from here
    prompt: Tokens[int] = ()  # what it will hold at least
    tokens: list[int] = field(default_factory=list)
    cells: list[int] = field(default_factory=list)
    reserved: int = 0
    last_used: float = 0.0
    fleeting: bool = False  # nothing of it is kept
    parked: Parked | None = None

    def usable(self, caller: str | None, adapter: str | None) -> bool:
        """Whether a request of `caller` may start from it."""
        return self.owner in (None, caller) and self.adapter == adapter

    def covers(self, other: Sequence) -> bool:
        """Whether whoever could start from `other` can start from this one."""
        return (
            self.owner == other.owner
            and self.adapter == other.adapter
            and self.tokens[: len(other.tokens)] == other.tokens
        )

    @property
    def unlike_base(self) -> int:
        """How many of its tokens no other parked sequence holds."""
        return len(self.tokens) - (self.parked.start if self.parked else 0)

    @property
    def to_restore(self) -> list[Sequence]:
        """The sequences to bring back before a request can start from this one, in order."""
        if self.parked is None:
            return []
        return [*(self.parked.base.to_restore if self.parked.base else []), self]


def longest_prefix(
    sequences: Iterable[Sequence], caller: str | None, adapter: str | None, prompt: Tokens[int]
) -> tuple[Sequence | None, int]:
    """The sequence that a request can start furthest in, and how far.

    The last token of a prompt is always left to compute, since only that gives logits.
    """
    best, length = None, 0
    for sequence in sequences:
        if sequence.usable(caller, adapter):
            common = min(common_prefix(sequence.tokens, prompt), len(prompt) - 1)
            if common > length:
                best, length = sequence, common
    return best, length


def base_of(sequence: Sequence, common: Iterable[Sequence]) -> tuple[Sequence | None, int]:
    """The common prefix that holds most of a sequence's beginning, and how much of it.

    One common prefix has another as its base only if that came before it.
    """
    best, length = None, 0
    for one in itertools.takewhile(lambda one: one is not sequence, common):
        if one.adapter == sequence.adapter:
            alike = common_prefix(one.tokens, sequence.tokens)
            if alike > length:
                best, length = one, alike
    return best, length


def common_prefix(left: Tokens[int], right: Tokens[int]) -> int:
    """How many tokens two sequences begin with alike."""
    low, high = 0, min(len(left), len(right))
    while low < high:  # slices compare in C, so halving beats walking
        middle = (low + high + 1) // 2
        if left[low:middle] == right[low:middle]:
            low = middle
        else:
            high = middle - 1
    return low
