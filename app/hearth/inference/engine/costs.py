"""What a step costs by its number of rows, learned while it works, and how many rows that makes.

How the time of a step grows with its rows depends on the processor and on the weights' format: in
proportion for one, in steps of eight or sixteen for another, hardly at all on a GPU.
"""

from __future__ import annotations

from collections.abc import Sequence

_FORGETTING = 1.002  # a step: the shortest time counts, and is slowly forgotten
_SLOPE = 0.6  # of a first row's time that each further one takes, until something is known
_PATIENCE = 200  # steps after which a promising number of rows is tried


class Costs:
    """The shortest times of steps that read no prompt, by rows."""

    def __init__(self) -> None:
        self._best: dict[int, float] = {}
        self._steps = 0

    def note(self, rows: int, seconds: float) -> None:
        """Learn from a step."""
        self._steps += 1
        known = self._best.get(rows)
        self._best[rows] = seconds if known is None else min(known * _FORGETTING, seconds)

    def of(self, rows: int) -> float:
        """The time that a step of so many rows is expected to take, in seconds."""
        if rows in self._best or not self._best:
            return self._best.get(rows, 1 + _SLOPE * (rows - 1))
        below = max((known for known in self._best if known < rows), default=None)
        above = min((known for known in self._best if known > rows), default=None)
        if below is None or above is None:
            nearest = below if below is not None else above
            assert nearest is not None
            first = self._best[nearest] / (1 + _SLOPE * (nearest - 1))
            return self._best[nearest] + (rows - nearest) * _SLOPE * first
        part = (rows - below) / (above - below)
        return self._best[below] + part * (self._best[above] - self._best[below])

    def further_rows(self, rows: int, gains: Sequence[float], most: int) -> int:
        """How many rows more make the most tokens a second.

        `gains` are the tokens to be expected from each further row, in descending order; rows
        beyond them bring none, but may make the step faster. At most `most`.
        """
        if rows == 0 or most <= 0:
            return 0
        if self._steps % _PATIENCE == 0 and (untried := self._untried(rows, most)):
            return untried
        best, choice = 0.0, 0
        tokens = float(rows)
        for further in range(min(most, max(len(gains), 8)) + 1):
            if further:
                tokens += gains[further - 1] if further <= len(gains) else 0.0
            rate = tokens / self.of(rows + further)
            if rate > best * 1.01:  # within the noise fewer are better
                best, choice = rate, further
        return choice

    def _untried(self, rows: int, most: int) -> int:
        """Rows up to the next multiple of eight, where kernels are often fastest, if not known."""
        further = -rows % 8
        return further if further <= most and rows + further not in self._best else 0
