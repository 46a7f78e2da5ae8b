"""Who holds which cells of the KV cache, and which kept prefix a request may start from.

Finished sequences are kept as prefixes for later requests of the same caller, until their cells
are needed, they are old, or the caller has them forgotten. Common prefixes, which the
configuration names, belong to nobody: every caller may start from them, and they stay. Sequences
that share a prefix share its cells, so each cell is counted once.

A step of llama.cpp on a processor looks at every cell up to the last one in use, whoever it
belongs to. So what no running request uses is parked outside the cache, and comes back, in
milliseconds, with the first request that starts from it.
"""

from __future__ import annotations

import itertools
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from collections.abc import Sequence as Tokens
from dataclasses import dataclass

from hearth.inference.engine.cells import Cells
from hearth.inference.engine.sequence import (
    Parked,
    Sequence,
    base_of,
    common_prefix,
    longest_prefix,
)

_WORTH = 64  # tokens of another request's prompt that are worth waiting for
_IN_THE_WAY = 64  # cells that are worth parking


@dataclass(frozen=True)
class Admission:
    """A new sequence, and what to do in the cache: bring back, share, then forget `evicted`."""

    sequence: Sequence
    source: int | None
    evicted: tuple[int, ...]
    restored: tuple[tuple[Sequence, Parked], ...] = ()


class Sequences:
    """Cells and sequence ids of one context."""

    def __init__(
        self,
        cells: int,
        running: int,
        kept: int,
        *,
        common: int = 0,
        shelf: int = 0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.capacity = cells
        self._kept_limit = kept
        self._common_limit = common
        self._shelf = shelf  # tokens that may be parked
        # One more than can be in use, so that a new sequence never needs an evicted one's id.
        self._free_ids = list(range(running + kept + common + 1))[::-1]
        self._running: list[Sequence] = []
        self._kept: list[Sequence] = []
        self._common: list[Sequence] = []
        self._cells = Cells()
        self.changes = 0  # how often cells may have become free
        self.displaced = False  # common prefixes had to make room
        self._clock = clock

    @property
    def ids(self) -> int:
        """How many sequence ids there are."""
        return len(self._free_ids) + sum(one.parked is None for one in self._all())

    @property
    def free(self) -> int:
        """Cells that are neither held nor promised."""
        return self.capacity - len(self._cells) - self._promised

    @property
    def held(self) -> int:
        """Cells that hold a token."""
        return len(self._cells)

    @property
    def parked(self) -> int:
        """Tokens that are kept outside the cache."""
        return sum(one.unlike_base for one in self._all() if one.parked)

    def admit(
        self,
        caller: str | None,
        prompt: Tokens[int],
        further: int,
        adapter: str | None = None,
        *,
        alone: bool = False,
    ) -> Admission | None:
        """Place a prompt that will grow by `further` tokens; None while there is no room.

        `alone` starts from nothing.
        """
        source, shared = (None, 0) if alone else self._source(caller, adapter, prompt)
        need = len(prompt) - shared + further
        if not self._fits(source, shared, need):
            if self._running or source is None:
                return None
            source, shared, need = None, 0, len(prompt) + further  # it may be too long to restore
            if not self._fits(source, shared, need):
                return None
        restored = tuple(self._restore(one) for one in (source.to_restore if source else ()))
        cells = source.cells[:shared] if source else []
        sequence = Sequence(
            self._free_ids.pop(), caller, adapter, prompt, list(prompt[:shared]), list(cells)
        )
        self._cells.share(cells)
        sequence.reserved = need
        self._running.append(sequence)
        if source:
            source.last_used = self._clock()
        return Admission(sequence, source.id if source else None, self._make_room(), restored)

    def leader(
        self, caller: str, prompt: Tokens[int], adapter: str | None = None
    ) -> Sequence | None:
        """A running request that is reading a prefix of `prompt` that is not there yet."""
        shared = self._source(caller, adapter, prompt)[1]
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
        sequence.tokens += tokens
        sequence.cells += self._cells.fill(len(tokens))
        sequence.reserved -= len(tokens)

    def shrink(self, sequence: Sequence, length: int) -> None:
        """Note that only the first `length` tokens of a running sequence are left in the cache."""
        gone = sequence.cells[length:]
        del sequence.tokens[length:], sequence.cells[length:]
        sequence.reserved += len(gone)
        self._cells.drop(gone)

    def without_prefix(self, sequence: Sequence) -> None:
        """Note that a sequence could not share its prefix after all and starts empty."""
        self.shrink(sequence, 0)

    def finish(self, sequence: Sequence) -> tuple[int, ...]:
        """Keep a running sequence as a prefix; returns the ids to forget in the cache."""
        if sequence.fleeting:
            return self.drop(sequence)
        self._stop(sequence)
        evicted = self._evict(*(kept for kept in self._kept if sequence.covers(kept)))
        self._kept.append(sequence)
        while len(self._kept) > self._kept_limit:
            evicted += self._evict(_oldest(self._kept))
        return evicted

    def finish_common(self, sequence: Sequence) -> bool:
        """Keep a running sequence of nobody's for good; False when there is no room for another, or
        if it is there already.

        At most half of the cells are for common prefixes.
        """
        cells = set(sequence.cells).union(*(common.cells for common in self._common))
        parked = sum(common.unlike_base for common in self._common if common.parked)
        full = len(self._common) >= self._common_limit or self.has_common(sequence.tokens)
        if full or 2 * (len(cells) + parked) > self.capacity:
            return False
        self._stop(sequence)
        self._common.append(sequence)
        return True

    def has_common(self, tokens: Tokens[int]) -> bool:
        """Whether this is a common prefix already."""
        return any(common.tokens == tokens for common in self._common)

    def keep_common(self, wanted: Iterable[Tokens[int]]) -> tuple[int, ...]:
        """Give up the other common prefixes; returns the ids to forget in the cache."""
        names = {tuple(tokens) for tokens in wanted}
        return self._give_up({one for one in self._common if tuple(one.tokens) not in names})

    def drop_common(self) -> tuple[int, ...]:
        """Give up the common prefixes for a request that needs their cells; returns their ids."""
        self.displaced |= bool(self._common)
        return self._give_up(set(self._common))

    def drop(self, sequence: Sequence) -> tuple[int, ...]:
        """End a running sequence without keeping it; returns the ids to forget in the cache."""
        self._running.remove(sequence)
        return self._release(sequence)

    def forget(self, caller: str) -> tuple[int, ...]:
        """Drop a caller's kept sequences, and its running ones when they end; returns ids."""
        for sequence in self._running:
            sequence.fleeting |= sequence.owner == caller
        return self._evict(*(kept for kept in self._kept if kept.owner == caller))

    def expire(self, seconds: float) -> tuple[int, ...]:
        """Drop what has been kept unused for so long; returns ids to forget in the cache."""
        before = self._clock() - seconds
        return self._evict(*(kept for kept in self._kept if kept.last_used < before))

    # What is parked.

    def idle(self, caller: str | None, prompt: Tokens[int], adapter: str | None) -> list[Sequence]:
        """What is in the cache and only in the way: neither a running request uses it, nor will
        this one. Common prefixes come first."""
        source = self._source(caller, adapter, prompt)[0]
        while source and source.parked:
            source = source.parked.base
        there = [
            one
            for one in itertools.chain(self._common, self._kept)
            if one.parked is None and one is not source and len(one.tokens) <= self._shelf
        ]
        held = Counter(cell for one in there for cell in one.cells)
        return [one for one in there if self._cells.held_by(held, one.cells) >= _IN_THE_WAY]

    def base(self, sequence: Sequence) -> tuple[Sequence | None, int]:
        """The common prefix that it can be parked without, and how much of it that holds."""
        return base_of(sequence, self._common)

    def park(self, sequence: Sequence, parked: Parked) -> tuple[int, ...]:
        """Note that a sequence leaves the cache; returns the ids to forget there.

        Where the shelf is full, the private one goes that was not used for longest.
        """
        ids = self._release(sequence)
        sequence.cells = []
        sequence.parked = parked
        while self.parked > self._shelf and (kept := [one for one in self._kept if one.parked]):
            self._evict(_oldest(kept))
        return ids

    def lose(self, sequences: Iterable[Sequence]) -> tuple[int, ...]:
        """Note that sequences could not be restored; returns the ids to forget in the cache."""
        lost = set(sequences)
        common = lost.intersection(self._common)
        self.displaced |= bool(common)
        return self._evict(*lost.intersection(self._kept)) + self._give_up(common)

    def _restore(self, sequence: Sequence) -> tuple[Sequence, Parked]:
        parked = sequence.parked
        assert parked is not None
        before = parked.base.cells[: parked.start] if parked.base else []
        self._cells.share(before)
        sequence.cells = before + self._cells.fill(sequence.unlike_base)
        sequence.id = self._free_ids.pop()
        sequence.parked = None
        return sequence, parked

    @property
    def _promised(self) -> int:
        return sum(sequence.reserved for sequence in self._running)

    def _all(self) -> Iterator[Sequence]:
        return itertools.chain(self._common, self._kept, self._running)

    def _source(
        self, caller: str | None, adapter: str | None, prompt: Tokens[int]
    ) -> tuple[Sequence | None, int]:
        return longest_prefix(self._all(), caller, adapter, prompt)

    def _fits(self, source: Sequence | None, shared: int, need: int) -> bool:
        """Whether so many cells more can be had beside the source's, which may be parked."""
        parked = source.to_restore if source else []
        need += sum(one.unlike_base for one in parked)
        if need <= self.free:
            return True
        if parked and parked[0].parked:
            source, shared = parked[0].parked.base, parked[0].parked.start
        staying = itertools.chain(self._running, self._common)
        held = set(source.cells[:shared] if source else ())
        held.update(*(sequence.cells for sequence in staying))
        return len(held) + self._promised + need <= self.capacity

    def _make_room(self) -> tuple[int, ...]:
        evicted: tuple[int, ...] = ()
        while self.free < 0:
            evicted += self._evict(_oldest(one for one in self._kept if one.parked is None))
        return evicted

    def _stop(self, sequence: Sequence) -> None:
        self._running.remove(sequence)
        self.changes += 1
        sequence.reserved = 0
        sequence.last_used = self._clock()

    def _evict(self, *sequences: Sequence) -> tuple[int, ...]:
        ids: tuple[int, ...] = ()
        for sequence in sequences:
            self._kept.remove(sequence)
            ids += self._release(sequence)
        return ids

    def _give_up(self, common: set[Sequence]) -> tuple[int, ...]:
        """Drop common prefixes, and what cannot be restored without them."""
        ids: tuple[int, ...] = ()
        while common:
            for sequence in common:
                self._common.remove(sequence)
                ids += self._release(sequence)
            orphans = {one for one in self._all() if one.parked and one.parked.base in common}
            common = orphans.intersection(self._common)
            ids += self._evict(*(orphans - common))
        return ids

    def _release(self, sequence: Sequence) -> tuple[int, ...]:
        """Free what a sequence holds; returns its id to forget in the cache, if it is there."""
        if sequence.parked:
            return ()
        self.changes += 1
        self._cells.drop(sequence.cells)
        self._free_ids.append(sequence.id)
        return (sequence.id,)


def _oldest(sequences: Iterable[Sequence]) -> Sequence:
    return min(sequences, key=lambda sequence: sequence.last_used)
