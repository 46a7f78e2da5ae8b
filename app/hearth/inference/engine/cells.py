"""The cells of a KV cache that hold a token, each counted once however many sequences share it."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Iterable


class Cells:
    """Cells by number. A number means nothing to llama.cpp, and is never given again."""

    def __init__(self) -> None:
        self._holders: Counter[int] = Counter()
        self._numbers = itertools.count()

    def __len__(self) -> int:
        return len(self._holders)

    def fill(self, count: int) -> list[int]:
        """So many new cells, each held once."""
        new = list(itertools.islice(self._numbers, count))
        self._holders.update(new)
        return new

    def share(self, cells: Iterable[int]) -> None:
        """Hold cells once more."""
        self._holders.update(cells)

    def drop(self, cells: Iterable[int]) -> None:
        """Hold cells once less; those that nobody holds are free."""
        for cell in cells:
            self._holders[cell] -= 1
            if not self._holders[cell]:
                del self._holders[cell]

    def held_by(self, holders: Counter[int], cells: Iterable[int]) -> int:
        """How many of `cells` nobody holds but `holders`, who are counted by cell."""
        return sum(self._holders[cell] == holders[cell] for cell in cells)
