"""Who holds which cells of the KV cache, and which kept prefix a request may start from.

Finished sequences are kept as prefixes for later requests of the same caller, until their cells
are needed, they are old, or the caller has them forgotten. Common prefixes, which the
configuration names, belong to nobody: every caller may start from them, and they stay. Sequences
that share a prefix share its cells, so each cell is counted once.
"""

from __future__ import annotations

import itertools
import time
from collections import Counter
from collections.abc import Callable, Iterator
from collections.abc import Sequence as Tokens
from dataclasses import dataclass, field

_WORTH = 64  # tokens of another request's prompt that are worth waiting for


@dataclass(eq=False)
class Sequence:
    """A sequence in the cache: the tokens it holds, and the cells still promised to it."""

    id: int
    owner: str | None  # a caller; None for a common prefix
    adapter: str | None = None  # whose weights computed it; no other adapter can go on from here
    prompt: Tokens[int] = ()  # what it will hold at least
    tokens: list[int] = field(default_factory=list)
    cells: list[int] = field(default_factory=list)
    reserved: int = 0
    last_used: float = 0.0
    fleeting: bool = False  # nothing of it is kept

    def usable(self, caller: str | None, adapter: str | None) -> bool:
        """Whether a request of `caller` may start from it."""
        return self.owner in (None, caller) and self.adapter == adapter


@dataclass(frozen=True)
class Admission:
    """A new sequence, and what to do in the cache: share first, then forget `evicted`."""

    sequence: Sequence
    source: int | None
    evicted: tuple[int, ...]


class Sequences:
    """Cells and sequence ids of one context."""

    def __init__(
        self,
        cells: int,
        running: int,
        kept: int,
        common: int = 0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.capacity = cells
        self._kept_limit = kept
        self._common_limit = common
        # One more than can be in use, so that a new sequence never needs an evicted one's id.
        self._free_ids = list(range(running + kept + common + 1))[::-1]
        self._running: list[Sequence] = []
        self._kept: list[Sequence] = []
        self._common: list[Sequence] = []
        self._references: Counter[int] = Counter()  # cell → sequences that hold it
        self.displaced = False  # common prefixes had to make room
        self._serial = itertools.count()
        self._clock = clock

    @property
    def ids(self) -> int:
        """How many sequence ids there are."""
        return len(self._free_ids) + sum(1 for _ in self._all())

    @property
    def free(self) -> int:
        """Cells that are neither held nor promised."""
        return self.capacity - len(self._references) - self._promised

    @property
    def held(self) -> int:
        """Cells that hold a token."""
        return len(self._references)

    def admit(
        self, caller: str | None, prompt: Tokens[int], further: int, adapter: str | None = None
    ) -> Admission | None:
        """Place a prompt that will grow by `further` tokens; None while there is no room.

        The last token of the prompt is always left to compute, since only that gives logits.
        """
        source, shared = self._longest_prefix(caller, adapter, prompt)
        cells = source.cells[:shared] if source else []
        need = len(prompt) - shared + further
        if not self._fits(cells, need):
            return None
        sequence = Sequence(
            self._free_ids.pop(), caller, adapter, prompt, list(prompt[:shared]), list(cells)
        )
        self._references.update(cells)
        sequence.reserved = need
        self._running.append(sequence)
        if source:
            source.last_used = self._clock()
        return Admission(sequence, source.id if source else None, self._make_room())

    def leader(
        self, caller: str, prompt: Tokens[int], adapter: str | None = None
    ) -> Sequence | None:
        """A running request that is reading a prefix of `prompt` that is not there yet."""
        shared = self._longest_prefix(caller, adapter, prompt)[1]
        for sequence in self._running:
            unread = len(sequence.tokens) < len(sequence.prompt)
            if (
                unread
                and sequence.usable(caller, adapter)
                and common_prefix(sequence.prompt, prompt) > shared + _WORTH
            ):
                return sequence
        return None

    def grow(self, sequence: Sequence, tokens: Tokens[int]) -> None:
        """Note that tokens of a running sequence are now in the cache."""
        new = list(itertools.islice(self._serial, len(tokens)))
        sequence.tokens += tokens
        sequence.cells += new
        sequence.reserved -= len(new)
        self._references.update(new)

    def shrink(self, sequence: Sequence, length: int) -> None:
        """Note that only the first `length` tokens of a running sequence are left in the cache."""
        gone = sequence.cells[length:]
        del sequence.tokens[length:], sequence.cells[length:]
        sequence.reserved += len(gone)
        self._drop(gone)

    def without_prefix(self, sequence: Sequence) -> None:
        """Note that a sequence could not share its prefix after all and starts empty."""
        self.shrink(sequence, 0)

    def finish(self, sequence: Sequence) -> tuple[int, ...]:
        """Keep a running sequence as a prefix; returns the ids to forget in the cache."""
        if sequence.fleeting:
            return (self.drop(sequence),)
        self._stop(sequence)
        covered = [kept for kept in self._kept if _covers(sequence, kept)]
        self._kept.append(sequence)
        evicted = [self._evict(kept) for kept in covered]
        while len(self._kept) > self._kept_limit:
            evicted.append(self._evict(self._oldest()))
        return tuple(evicted)

    def finish_common(self, sequence: Sequence) -> bool:
        """Keep a running sequence of nobody's for good; False when there is no room for another.

        At most half of the cells are for common prefixes.
        """
        cells = set(sequence.cells).union(*(common.cells for common in self._common))
        if len(self._common) >= self._common_limit or 2 * len(cells) > self.capacity:
            return False
        self._stop(sequence)
        self._common.append(sequence)
        return True

    def drop_common(self) -> tuple[int, ...]:
        """Give up the common prefixes for a request that needs their cells; returns their ids."""
        dropped, self._common = self._common, []
        for sequence in dropped:
            self._release(sequence)
        self.displaced |= bool(dropped)
        return tuple(sequence.id for sequence in dropped)

    def drop(self, sequence: Sequence) -> int:
        """End a running sequence without keeping it; returns the id to forget in the cache."""
        self._running.remove(sequence)
        self._release(sequence)
        return sequence.id

    def forget(self, caller: str) -> tuple[int, ...]:
        """Drop a caller's kept sequences, and its running ones when they end; returns ids."""
        for sequence in self._running:
            sequence.fleeting |= sequence.owner == caller
        return tuple(self._evict(kept) for kept in list(self._kept) if kept.owner == caller)

    def expire(self, seconds: float) -> tuple[int, ...]:
        """Drop what has been kept unused for so long; returns ids to forget in the cache."""
        before = self._clock() - seconds
        return tuple(self._evict(kept) for kept in list(self._kept) if kept.last_used < before)

    @property
    def _promised(self) -> int:
        return sum(sequence.reserved for sequence in self._running)

    def _all(self) -> Iterator[Sequence]:
        return itertools.chain(self._common, self._kept, self._running)

    def _longest_prefix(
        self, caller: str | None, adapter: str | None, prompt: Tokens[int]
    ) -> tuple[Sequence | None, int]:
        best, length = None, 0
        for sequence in self._all():
            if sequence.usable(caller, adapter):
                common = min(common_prefix(sequence.tokens, prompt), len(prompt) - 1)
                if common > length:
                    best, length = sequence, common
        return best, length

    def _fits(self, shared: list[int], need: int) -> bool:
        if need <= self.free:
            return True
        staying = itertools.chain(self._running, self._common)
        held = set(shared).union(*(sequence.cells for sequence in staying))
        return len(held) + self._promised + need <= self.capacity

    def _make_room(self) -> tuple[int, ...]:
        evicted = []
        while self.free < 0:
            evicted.append(self._evict(self._oldest()))
        return tuple(evicted)

    def _oldest(self) -> Sequence:
        return min(self._kept, key=lambda sequence: sequence.last_used)

    def _stop(self, sequence: Sequence) -> None:
        self._running.remove(sequence)
        sequence.reserved = 0
        sequence.last_used = self._clock()

    def _evict(self, sequence: Sequence) -> int:
        self._kept.remove(sequence)
        self._release(sequence)
        return sequence.id

    def _release(self, sequence: Sequence) -> None:
        self._drop(sequence.cells)
        self._free_ids.append(sequence.id)

    def _drop(self, cells: list[int]) -> None:
        for cell in cells:
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
    return (
        sequence.owner == other.owner
        and sequence.adapter == other.adapter
        and sequence.tokens[: len(other.tokens)] == other.tokens
    )
