"""The channel's two loops: fetch what came, and deal with it, in order for each person."""

from __future__ import annotations

import asyncio
import logging
import time
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Any

from telegram import Update
from telegram.error import (
    BadRequest,
    Conflict,
    InvalidToken,
    NetworkError,
    RetryAfter,
    TelegramError,
)

from hearth.channels.telegram import metrics
from hearth.channels.telegram.bot import POLL_SECONDS, Bot, flood_seconds
from hearth.channels.telegram.conversation import Conversation
from hearth.channels.telegram.hub import HubChannel
from hearth.channels.telegram.state import State, Waiting
from hearth.core.errors import Unavailable

_log = logging.getLogger(__name__)
_WANTED = (Update.MESSAGE, Update.CALLBACK_QUERY)
_FIRST_PAUSE, _LONGEST_PAUSE = 0.5, 30.0  # seconds until Telegram or the hub is tried again
_REFUSED_PAUSE = 60.0
_STUCK_SECONDS = POLL_SECONDS + 120.0
_TOO_OLD = 24 * 3_600.0  # Telegram keeps what nobody fetched for as long

Deal = Callable[[int, Waiting], Awaitable[None]]


class Channel:
    """One bot and one pod."""

    def __init__(self, bot: Bot, hub: HubChannel, state: State) -> None:
        self._bot = bot
        self._state = state
        self._conversation = Conversation(bot, hub, state)
        self._lanes = Lanes(self._deal)
        self._turned = time.monotonic()

    def healthy(self) -> bool:
        """Whether the loop still goes round, with Telegram in reach or without."""
        return time.monotonic() - self._turned < _STUCK_SECONDS

    async def run(self) -> None:
        """Fetch and deal until cancelled."""
        try:
            for key, waiting in self._state.waiting().items():
                self._lanes.put(_person(waiting), key, waiting)
            await self._fetch()
        finally:
            await self._lanes.close()

    async def _fetch(self) -> None:
        # From the first that was never acknowledged; what the state knows already is left out.
        offset: int | None = None
        pause = _FIRST_PAUSE
        while True:
            self._turned = time.monotonic()
            try:
                offset = await self._poll(offset)
                pause = _FIRST_PAUSE
            except (TelegramError, OSError) as error:
                wait = _wait(error) or pause
                pause = min(pause * 2, _LONGEST_PAUSE)
                await asyncio.sleep(wait)

    async def _poll(self, offset: int | None) -> int | None:
        """Have what came on disk; the offset that tells Telegram so with the next poll."""
        updates = await self._bot.api.get_updates(
            offset=offset, timeout=POLL_SECONDS, allowed_updates=list(_WANTED)
        )
        metrics.REACHED.set_to_current_time()
        metrics.REFUSED.set(0)
        new = await self._state.accept((each.update_id, each.to_dict()) for each in updates)
        metrics.UPDATES.inc(len(new))
        for key, waiting in new.items():
            self._lanes.put(_person(waiting), key, waiting)
        return updates[-1].update_id + 1 if updates else offset

    async def _deal(self, key: int, waiting: Waiting) -> None:
        """Deal with an update, however long the network or the hub stay away."""
        pause, began = _FIRST_PAUSE, time.monotonic()
        while True:
            try:
                await self._conversation.handle(key, waiting)
                break
            except (Unavailable, OSError, TelegramError) as error:
                if not _passes(error) or time.monotonic() - began > _TOO_OLD:
                    _log.warning("an answer was given up: %s", type(error).__name__)
                    break
                await asyncio.sleep(pause)
                pause = min(pause * 2, _LONGEST_PAUSE)
            except Exception:
                _log.exception("a message could not be dealt with")
                break
        await self._state.done(key)


class Lanes:
    """Deals with what came in order for each person, and with several people at once."""

    def __init__(self, deal: Deal) -> None:
        self._deal = deal
        self._waiting: dict[int, deque[tuple[int, Waiting]]] = {}
        self._tasks: dict[int, asyncio.Task[None]] = {}

    def put(self, person: int, key: int, waiting: Waiting) -> None:
        """One more for this person."""
        self._waiting.setdefault(person, deque()).append((key, waiting))
        if person not in self._tasks:
            self._tasks[person] = asyncio.create_task(self._drain(person))

    async def close(self) -> None:
        """Stop where everyone stands; what is unfinished stays in the state."""
        tasks = list(self._tasks.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _drain(self, person: int) -> None:
        lane = self._waiting[person]
        while lane:
            await self._deal(*lane.popleft())
        del self._waiting[person], self._tasks[person]


def _person(waiting: Waiting) -> int:
    """Who sent an update."""
    part: dict[str, Any] = next(
        (waiting.update[kind] for kind in _WANTED if kind in waiting.update), {}
    )
    return int(part.get("from", {}).get("id", 0))


def _wait(error: Exception) -> float | None:
    """How long to leave Telegram alone after a poll that failed, where it is not the usual time."""
    if isinstance(error, RetryAfter):
        return flood_seconds(error)
    if isinstance(error, InvalidToken):
        metrics.REFUSED.set(1)
        _log.error("Telegram refuses the bot's token; put a new one from @BotFather in its file")
        return _REFUSED_PAUSE
    if isinstance(error, Conflict):
        _log.error("another program polls with this bot's token; each pod needs its own bot")
    return None


def _passes(error: Exception) -> bool:
    """Whether another try may succeed; a deleted chat, or one that has blocked the bot, may not."""
    if isinstance(error, TelegramError):
        from_network = isinstance(error, NetworkError) and not isinstance(error, BadRequest)
        return from_network or isinstance(error, InvalidToken | RetryAfter)
    return True
