"""python-telegram-bot as this channel uses it: one bot that waits out Telegram's flood limits."""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Callable, Coroutine
from datetime import timedelta
from typing import Any

from telegram.error import RetryAfter
from telegram.ext import BaseRateLimiter, ExtBot
from telegram.request import HTTPXRequest

from hearth.channels.telegram import metrics

# Spans of time as timedelta: the library's next major version knows nothing else.
os.environ.setdefault("PTB_TIMEDELTA", "true")

_log = logging.getLogger(__name__)
POLL_SECONDS = 50
_ANSWER_SECONDS = 20.0


class Bot:
    """The bot, and its connections: one for polling, others for all that is sent."""

    def __init__(self, token: str, api: str) -> None:
        self._requests = (
            HTTPXRequest(read_timeout=_ANSWER_SECONDS, pool_timeout=_ANSWER_SECONDS),
            HTTPXRequest(connection_pool_size=1, read_timeout=_ANSWER_SECONDS),
        )
        request, polling = self._requests
        self.api: ExtBot[None] = ExtBot(
            token,
            base_url=f"{api}/bot",
            base_file_url=f"{api}/file/bot",
            request=request,
            get_updates_request=polling,
            rate_limiter=Patience(),
        )
        self.id = token.partition(":")[0]

    async def close(self) -> None:
        """Close the connections."""
        for request in self._requests:
            await request.shutdown()


class Patience(BaseRateLimiter[None]):
    """Asks again when Telegram says that it may, and holds back everything else until then."""

    def __init__(self) -> None:
        self._free = 0.0  # on the loop's clock

    async def initialize(self) -> None:
        """Nothing to open."""

    async def shutdown(self) -> None:
        """Nothing to close."""

    async def process_request(  # noqa: PLR0917 - the library's signature
        self,
        callback: Callable[..., Coroutine[Any, Any, Any]],
        args: Any,
        kwargs: dict[str, Any],
        endpoint: str,
        data: dict[str, Any],
        rate_limit_args: None,
    ) -> Any:
        """Send a request as soon as it is allowed."""
        loop = asyncio.get_running_loop()
        while True:
            await asyncio.sleep(max(0.0, self._free - loop.time()))
            try:
                return await callback(*args, **kwargs)
            except RetryAfter as flood:
                seconds = flood_seconds(flood)
                metrics.FLOODS.inc()
                _log.info("telegram asks for patience", extra={"seconds": seconds})
                self._free = max(self._free, loop.time() + seconds)


def flood_seconds(flood: RetryAfter) -> float:
    """How long Telegram wants to be left alone."""
    span = flood.retry_after
    return span.total_seconds() if isinstance(span, timedelta) else float(span)
