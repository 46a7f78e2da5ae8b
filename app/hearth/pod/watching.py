"""A running turn's events, numbered, for any number of readers that come and go."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

from hearth.core.turns import TurnEvent

_NUMBERS_AN_ATTEMPT = 100_000  # so that a second attempt's events are new to every reader


class Feed:
    """The events of one running turn."""

    def __init__(self, conversation: str) -> None:
        self.conversation = conversation
        self._events: list[tuple[int, TurnEvent]] = []
        self._next = 1
        self._closed = False
        self._changed = asyncio.Event()

    def begin(self, attempt: int) -> None:
        """Number the following events as this attempt's."""
        self._next = (attempt - 1) * _NUMBERS_AN_ATTEMPT + 1

    def add(self, event: TurnEvent) -> None:
        """Show an event to every reader."""
        self._events.append((self._next, event))
        self._next += 1
        self._wake()

    def close(self) -> None:
        """There will be no more events."""
        self._closed = True
        self._wake()

    async def follow(self, after: int) -> AsyncIterator[tuple[int, TurnEvent]]:
        """Events numbered above `after`, those already there first, until the turn ends."""
        place = 0
        while True:
            changed = self._changed
            while place < len(self._events):
                number, event = self._events[place]
                place += 1
                if number > after:
                    yield number, event
            if self._closed:
                return
            await changed.wait()

    def _wake(self) -> None:
        changed, self._changed = self._changed, asyncio.Event()
        changed.set()
