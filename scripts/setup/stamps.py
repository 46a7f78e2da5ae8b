"""Steps that remember what they were done from."""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from show import ROOT

VENV = ROOT / ".venv"
STAMPS = VENV / "stamps"
Results = Sequence[Path]


@dataclass(frozen=True)
class Step:
    """One step: what it does, what it is made from, which programs it needs.

    `act` returns the paths that must still be there for the step to count as done.
    """

    name: str
    act: Callable[[], Results]
    sources: tuple[Path | str, ...] = ()  # files, or words such as a version
    tools: tuple[str, ...] = ()

    def done(self) -> bool:
        """Whether it was done from these very sources, and its results are still there."""
        try:
            digest = (STAMPS / self.name).read_text().splitlines()[0]
        except (FileNotFoundError, IndexError):
            return False
        return digest == self._digest() and all(result.exists() for result in self.results())

    def results(self) -> Results:
        """What it left when it was last done."""
        return [Path(line) for line in (STAMPS / self.name).read_text().splitlines()[1:]]

    def run(self) -> None:
        """Do it, and remember."""
        results = self.act()
        STAMPS.mkdir(parents=True, exist_ok=True)
        draft = STAMPS / f".{self.name}"
        draft.write_text("\n".join([self._digest(), *map(str, results)]))
        draft.replace(STAMPS / self.name)

    def _digest(self) -> str:
        whole = hashlib.sha256(f"{sys.version_info[:2]} {ROOT}".encode())
        for source in self.sources:
            whole.update(hashlib.sha256(_content(source)).digest())
        return whole.hexdigest()


def _content(source: Path | str) -> bytes:
    if isinstance(source, str):
        return source.encode()
    return source.read_bytes() if source.exists() else b""
