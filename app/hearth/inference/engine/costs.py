"""What a step costs by its number of rows, learned while it works, and how many rows that makes.

How the time of a step grows with its rows depends on the processor and on the weights' format: in
proportion for one, in steps of eight or sixteen for another, hardly at all on a GPU.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

_SLOWER, _DEARER = 0.3, 0.03  # how much of a surprise says that all steps, or such ones, are slow
_SURPRISE = 0.5  # of what was expected, at most
_SLOPE = 0.6  # of a first row's time that each further one takes, until something is known
_PATIENCE = 200  # steps after which a promising number of rows is tried
_PROMISING = 1.5  # times the cost without the rows that are tried; what is dearer is left alone


class Costs:
    """What steps that read no prompt cost by rows, in proportion to each other.

    All of them take longer as contexts grow or the machine is busy, and most numbers of rows are
    seen only now and then. So how slow steps are of late is learned apart from what rows cost.
    """

    def __init__(self) -> None:
        self._known: dict[int, float] = {}
        self._slowness = 1.0
        self._steps = 0

    def note(self, rows: int, seconds: float) -> None:
        """Learn from a step."""
        self._steps += 1
        known = self._known.get(rows)
        if known is None:
            self._known[rows] = seconds / self._slowness
            return
        # Both learn from the same surprises, so that neither can run away from the other.
        surprise = seconds / (known * self._slowness) - 1
        surprise = max(-_SURPRISE, min(surprise, _SURPRISE))
        self._slowness *= math.exp(_SLOWER * surprise)
        self._known[rows] = known * math.exp(_DEARER * surprise)

    def of(self, rows: int) -> float:
        """What a step of so many rows is expected to cost; only proportions mean anything."""
        if rows in self._known or not self._known:
            return self._known.get(rows, 1 + _SLOPE * (rows - 1))
        below = max((known for known in self._known if known < rows), default=None)
        above = min((known for known in self._known if known > rows), default=None)
        if below is None or above is None:
            nearest = below if below is not None else above
            assert nearest is not None
            first = self._known[nearest] / (1 + _SLOPE * (nearest - 1))
            return self._known[nearest] + (rows - nearest) * _SLOPE * first
        part = (rows - below) / (above - below)
        return self._known[below] + part * (self._known[above] - self._known[below])

    def seconds(self, rows: int) -> float:
        """How long such a step takes of late; 0 for none, or while nothing is known."""
        return self.of(rows) * self._slowness if rows and self._known else 0.0

    def further_rows(self, rows: int, gains: Sequence[float], most: int) -> int:
        """How many rows more make the most tokens a second.

        `gains` are the tokens to be expected from each further row, in descending order; rows
        beyond them bring none, but may make the step faster. At most `most`.
        """
        if rows == 0 or most <= 0:
            return 0
        if self._steps % _PATIENCE == 0 and (promising := self._promising(rows, most)):
            return promising
        best, choice = 0.0, 0
        tokens = float(rows)
        for further in range(min(most, max(len(gains), 8)) + 1):
            if further:
                tokens += gains[further - 1] if further <= len(gains) else 0.0
            rate = tokens / self.of(rows + further)
            if rate > best * 1.01:  # within the noise fewer are better
                best, choice = rate, further
        return choice

    def _promising(self, rows: int, most: int) -> int:
        """Rows up to the next multiple of eight, where kernels are often fastest, if what they cost
        is not known, or may have been learned in a bad moment."""
        further = -rows % 8
        known = self._known.get(rows + further, 0.0)
        return further if further <= most and known < _PROMISING * self.of(rows) else 0
