"""The whole house: all units up, kept up, and down again in order."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Sequence
from itertools import groupby
from pathlib import Path

from hearth.config import Settings
from hearth.core.errors import Unavailable
from hearth.ops.supervisor import logs
from hearth.ops.supervisor.keeper import Keeper
from hearth.ops.supervisor.listeners import private_folder
from hearth.ops.supervisor.unit import Reporter, Unit

_TRIES = 3  # ends in a row before a unit that never answered is given up
_LOOK_SECONDS = 0.05


class Supervisor:
    """Runs units; `async with supervisor.running(...)` holds while they answer."""

    def __init__(self, settings: Settings, units: Sequence[Unit], reporter: Reporter) -> None:
        self._settings = settings
        self._units = units
        self._reporter = reporter
        self._keepers: list[Keeper] = []
        self._tasks: list[asyncio.Task[None]] = []

    @property
    def logs(self) -> dict[str, Path]:
        """Each unit's log file."""
        folder = self._settings.state_dir / "logs"
        return {unit.name: folder / f"{unit.name}.log" for unit in self._units}

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """All units, from when each has answered once until the block is left.

        Raises Unavailable with a program's last words when it does not come up.
        """
        try:
            self._open()
            self._tasks = [asyncio.create_task(keeper.run()) for keeper in self._keepers]
            await asyncio.gather(*(self._up(keeper) for keeper in self._keepers))
            yield
        finally:
            await self._stop()

    def _open(self) -> None:
        # Every socket is there before any program starts, so nobody need wait for another.
        notices = private_folder(self._settings.runtime / "notify")
        for unit in self._units:
            keeper = Keeper(
                unit, self.logs[unit.name], notices / f"{unit.name}.sock", self._reporter
            )
            self._keepers.append(keeper)

    async def _up(self, keeper: Keeper) -> None:
        while not keeper.was_ready.is_set():
            if keeper.failures >= _TRIES:
                said = logs.last_words(keeper.log)
                raise Unavailable(
                    f"{keeper.unit.name} does not start" + (f": {said}" if said else ""),
                    remedy=f"Its log is {keeper.log}.",
                )
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(keeper.was_ready.wait(), _LOOK_SECONDS)

    async def _stop(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        by_tier = sorted(self._keepers, key=lambda keeper: keeper.unit.tier)
        for _, keepers in groupby(by_tier, key=lambda keeper: keeper.unit.tier):
            stops = (keeper.stop() for keeper in keepers)
            await asyncio.gather(*stops, return_exceptions=True)  # one failing frees the others
        for keeper in self._keepers:
            keeper.close()
