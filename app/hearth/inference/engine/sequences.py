"""Who holds which cells of the KV cache, and which kept prefix a request may start from.

Finished sequences are kept as prefixes for later requests of the same caller, until their cells
are needed. Sequences that share a prefix share its cells, so each cell is counted once.
"""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Sequence as Tokens
from dataclasses import dataclass, field


@dataclass(eq=False)
class Sequence:
    """A sequence in the cache: the tokens it holds, and the cells still promised to it."""

    id: int
    caller: str
    tokens: list[int] = field(default_factory=list)
    cells: list[int] = field(default_factory=list)
    reserved: int = 0
    last_used: int = 0


@dataclass(frozen=True)
class Admission:
    """A new sequence, and what to do in the cache: share first, then forget `evicted`."""

    sequence: Sequence
    source: int | None
    evicted: tuple[int, ...]


class Sequences:
    """Cells and sequence ids of one context."""

    def __init__(self, cells: int, running: int, kept: int) -> None:
        self.capacity = cells
        self._kept_limit = kept
        # One more than can be in use, so that a new sequence never needs an evicted one's id.
        self._free_ids = list(range(running + kept + 1))[::-1]
        self._running: list[Sequence] = []
        self._kept: list[Sequence] = []
        self._references: Counter[int] = Counter()  # cell → sequences that hold it
        self._serial = itertools.count()
        self._clock = itertools.count(1)

    @property
    def ids(self) -> int:
        """How many sequence ids there are."""
        return len(self._free_ids) + len(self._running) + len(self._kept)

    @property
    def free(self) -> int:
        """Cells that are neither held nor promised."""
        promised = sum(sequence.reserved for sequence in self._running)
        return self.capacity - len(self._references) - promised

    def admit(self, caller: str, prompt: Tokens[int], further: int) -> Admission | None:
        """Place a prompt that will grow by `further` tokens; None while there is no room.

        The last token of the prompt is always left to compute, since only that gives logits.
        """
        source, shared = self._longest_prefix(caller, prompt)
        cells = source.cells[:shared] if source else []
        need = len(prompt) - shared + further
        if not self._fits(cells, need):
            return None
        sequence = Sequence(self._free_ids.pop(), caller, list(prompt[:shared]), list(cells))
        self._references.update(cells)
        sequence.reserved = need
        self._running.append(sequence)
        if source:
            source.last_used = next(self._clock)
        return Admission(sequence, source.id if source else None, self._make_room())

    def grow(self, sequence: Sequence, tokens: Tokens[int]) -> None:
        """Note that tokens of a running sequence are now in the cache."""
        new = list(itertools.islice(self._serial, len(tokens)))
        sequence.tokens += tokens
        sequence.cells += new
        sequence.reserved -= len(new)
        self._references.update(new)

    def without_prefix(self, sequence: Sequence) -> None:
        """Note that a sequence could not share its prefix after all and starts empty."""
        sequence.reserved += len(sequence.cells)
        self._release(sequence)
        sequence.tokens, sequence.cells = [], []

    def finish(self, sequence: Sequence) -> tuple[int, ...]:
        """Keep a running sequence as a prefix; returns the ids to forget in the cache."""
        self._running.remove(sequence)
        sequence.reserved = 0
        sequence.last_used = next(self._clock)
        covered = [kept for kept in self._kept if _covers(sequence, kept)]
        self._kept.append(sequence)
        evicted = [self._evict(kept) for kept in covered]
        while len(self._kept) > self._kept_limit:
            evicted.append(self._evict(self._oldest()))
        return tuple(evicted)

    def drop(self, sequence: Sequence) -> int:
        """End a running sequence without keeping it; returns the id to forget in the cache."""
        self._running.remove(sequence)
        self._release(sequence)
        self._free_ids.append(sequence.id)
        return sequence.id

    def _longest_prefix(self, caller: str, prompt: Tokens[int]) -> tuple[Sequence | None, int]:
        best, length = None, 0
        for sequence in itertools.chain(self._kept, self._running):
            if sequence.caller == caller:
                common = min(common_prefix(sequence.tokens, prompt), len(prompt) - 1)
                if common > length:
                    best, length = sequence, common
        return best, length

    def _fits(self, shared: list[int], need: int) -> bool:
        if need <= self.free:
            return True
        held = set(shared).union(*(sequence.cells for sequence in self._running))
        promised = sum(sequence.reserved for sequence in self._running)
        return len(held) + promised + need <= self.capacity

    def _make_room(self) -> tuple[int, ...]:
        evicted = []
        while self.free < 0:
            evicted.append(self._evict(self._oldest()))
        return tuple(evicted)

    def _oldest(self) -> Sequence:
        return min(self._kept, key=lambda sequence: sequence.last_used)

    def _evict(self, sequence: Sequence) -> int:
        self._kept.remove(sequence)
        self._release(sequence)
        self._free_ids.append(sequence.id)
        return sequence.id

    def _release(self, sequence: Sequence) -> None:
        for cell in sequence.cells:
            self._references[cell] -= 1
            if not self._references[cell]:
                del self._references[cell]


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


def _covers(sequence: Sequence, other: Sequence) -> bool:
    return sequence.caller == other.caller and sequence.tokens[: len(other.tokens)] == other.tokens
