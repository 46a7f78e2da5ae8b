"""Who goes next, and with how many tokens: the engine's policy.

Pure: no model, no clock, no I/O. Members go before background work, callers share alike, and
nobody waits for ever.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

AGED = 30.0  # seconds after which background work counts as a member's
GAP = 0.1  # seconds between two tokens of a running stream that reading prompts should respect
ALONE = 1.0  # seconds that a step may take while nothing but prompts is there to compute
ROWS = 16  # with multiples of so many the kernels of all formats make the most of a step
TILE = 64  # from so many rows attention is computed in tiles, cheaper by the row than with 48
LEAST = ROWS // 2  # prompt tokens that a step reads at least
_MEMORY = 0.8  # weight of the past in a running mean


@dataclass(frozen=True)
class Ask:
    """What the policy knows of a request."""

    caller: str
    background: bool = False
    waited: float = 0.0  # seconds since it came
    left: int = 0  # prompt tokens that are still to be read

    @property
    def yields(self) -> bool:
        """Whether members go first."""
        return self.background and self.waited < AGED


class Shares:
    """Tokens that each active caller has been given: start-time fair queueing (Goyal, Vin and
    Cheng, 1996) with equal weights."""

    def __init__(self) -> None:
        self._given: dict[str, float] = {}

    def active(self, callers: Iterable[str]) -> None:
        """Note who has work. Who is new starts level with the least served of the others."""
        names = set(callers)
        level = min((self._given[name] for name in names if name in self._given), default=0.0)
        self._given = {name: self._given.get(name, level) for name in names}

    def charge(self, caller: str, tokens: int) -> None:
        """Count tokens for a caller; negative ones were promised and not needed."""
        if caller in self._given:
            self._given[caller] += tokens

    def of(self, caller: str) -> float:
        """What a caller has been given."""
        return self._given.get(caller, 0.0)


def next_ask(asks: Sequence[Ask], shares: Shares) -> int:
    """Index of the request that gets the next place, `asks` being in order of arrival."""
    return min(
        range(len(asks)),
        key=lambda at: (asks[at].yields, shares.of(asks[at].caller), at),
    )


def has_place(ask: Ask, running: Sequence[Ask], places: int) -> bool:
    """Whether a request may start beside the running ones.

    Background work leaves the last place to members. Where all places are taken, a caller that
    has none gets one more, so that it never waits for another caller's long answers.
    """
    if ask.yields and places > 1:
        return sum(one.background for one in running) < places - 1 and len(running) < places
    if len(running) < places:
        return True
    return len(running) == places and all(one.caller != ask.caller for one in running)


def divide(budget: int, reading: Sequence[Ask], tokens_per_second: float) -> list[int]:
    """Prompt tokens that each stream reads in this step; never more than `budget` in all.

    Callers get equal parts. Within one, the shortest rest goes first, where each second of waiting
    counts as a second of reading less.
    """
    parts = [0] * len(reading)
    for yields in (False, True):
        group = [at for at, ask in enumerate(reading) if ask.yields is yields]
        callers = list(dict.fromkeys(reading[at].caller for at in group))
        own = {name: [at for at in group if reading[at].caller == name] for name in callers}
        wanted = [sum(reading[at].left for at in own[name]) for name in callers]
        for name, share in zip(callers, _equal(budget, wanted), strict=True):
            budget -= share
            rest = share
            for at in sorted(
                own[name],
                key=lambda at: reading[at].left / tokens_per_second - reading[at].waited,
            ):
                parts[at] = min(rest, reading[at].left)
                rest -= parts[at]
    return parts


def _equal(budget: int, wanted: Sequence[int]) -> list[int]:
    """Max-min fair parts of a budget: as equal as the wishes allow."""
    parts = [0] * len(wanted)
    for done, at in enumerate(sorted(range(len(wanted)), key=wanted.__getitem__)):
        parts[at] = min(wanted[at], budget // (len(wanted) - done))
        budget -= parts[at]
    return parts


class Speed:
    """How fast this machine reads prompts: a running mean of what the steps took."""

    def __init__(self, tokens_per_second: float = 200.0) -> None:
        self.reading = tokens_per_second

    def note(self, prompt: int, seconds: float, *, alone: float) -> None:
        """Learn from a step that read `prompt` tokens; without them it would take `alone`."""
        if prompt >= LEAST:
            self.reading = _mean(self.reading, prompt / max(seconds - alone, seconds / 4))

    def budget(self, *, decoding: int, alone: float, room: int) -> int:
        """Prompt tokens that the next step may read, at most `room`.

        `decoding` streams take `alone` seconds of it; where that is most of the gap, they go on at
        half their speed. A step a quarter of ROWS longer than wanted is better than one that ends
        between multiples.
        """
        seconds = max(GAP - alone, alone) if decoding else ALONE
        wanted = decoding + int(seconds * self.reading) + ROWS // 4
        rows = wanted // ROWS * ROWS
        while rows - decoding < LEAST:
            rows += ROWS
        if rows == TILE - ROWS:
            rows = TILE
        return min(room, rows - decoding)


def _mean(before: float, now: float) -> float:
    return _MEMORY * before + (1 - _MEMORY) * now
