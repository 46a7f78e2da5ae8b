"""The lines that `hearth up` prints about its programs."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from rich.markup import escape
from rich.status import Status

from hearth.cli.options import out
from hearth.ops.supervisor import logs


class StatusLines:
    """A line for each program as it comes up, and a spinner for those that have not."""

    def __init__(self, units: Iterable[str]) -> None:
        self._waiting = list(units)
        self._width = max(map(len, self._waiting), default=0)
        self._spinner = Status("", console=out) if out.is_terminal else None

    def __enter__(self) -> StatusLines:
        self._spin()
        return self

    def __exit__(self, *_: object) -> None:
        self.all_ready()

    def ready(self, unit: str, seconds: float) -> None:
        """Say that `unit` answers."""
        if unit in self._waiting:
            self._waiting.remove(unit)
        out.print(f"[green]{unit:<{self._width}}[/green]  ready in {seconds:.1f} s")
        self._spin()

    def ended(self, unit: str, reason: str, retry_in: float) -> None:
        """Say that `unit` has ended and comes back."""
        words = f"{escape(reason)}; starting it again in {retry_in:.1f} s"
        out.print(f"[yellow]{unit:<{self._width}}[/yellow]  {words}")

    def all_ready(self) -> None:
        """Take the spinner away."""
        if self._spinner is not None:
            self._spinner.stop()

    def _spin(self) -> None:
        if self._spinner is None:
            return
        self._spinner.update(f"Starting {', '.join(self._waiting)}")
        if self._waiting:
            self._spinner.start()
        else:
            self._spinner.stop()


async def show_log(unit: str, log: Path) -> None:
    """Print what `unit` writes into its log, as it comes."""
    async for line in logs.follow(log):
        out.print(f"[dim]{unit}:[/dim] {escape(line)}")
