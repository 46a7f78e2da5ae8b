"""Two model servers for one pod: where the first is away, its fallback answers.

Which of them answers is settled before the first piece: nothing switches in the middle. A server
that failed is left alone until it answers a probe, so that no member waits for it twice.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, Callable, Coroutine, Mapping, Sequence
from contextlib import aclosing
from datetime import datetime
from typing import Any, TypeVar

from hearth.core.errors import Busy, HearthError, Unavailable
from hearth.core.ports import ChatMessage
from hearth.inference.client import PATIENCE_SECONDS, InferenceClient, Patience

SHORT_PATIENCE_SECONDS = 2.0  # that a request waits at one server before the other is asked
_LOOK_SECONDS = 2.0  # a server silent for so long is asked whether it is there at all
_FIRST_WAIT, _LONGEST_WAIT = 1.0, 60.0  # seconds until a server that is away is probed
_log = logging.getLogger(__name__)
_T = TypeVar("_T")


class Endpoint:
    """A model server by its engine's name, and since when it is away."""

    def __init__(
        self,
        name: str,
        client: InferenceClient,
        *,
        clock: Callable[[], datetime],
        first_wait: float = _FIRST_WAIT,
        longest_wait: float = _LONGEST_WAIT,
    ) -> None:
        self.name = name
        self.client = client
        self.away_since: datetime | None = None
        self._clock = clock
        self._waits = first_wait, longest_wait
        self._wait = first_wait
        self._recovery: asyncio.Task[None] | None = None

    def failed(self, error: HearthError) -> None:
        """It is away: from now on it is probed, less and less often."""
        if self.away_since is None:
            _log.warning("the engine %s is away: %s", self.name, error)
            self.away_since = self._clock()
            self._recovery = asyncio.create_task(self._recover())

    def answered(self) -> None:
        """It has answered a request, so the next failure is probed soon again."""
        self._wait, _ = self._waits
        self._back()

    async def close(self) -> None:
        """End the probing, and close the connections."""
        if self._recovery is not None:
            self._recovery.cancel()
            await asyncio.wait({self._recovery})
        await self.client.close()

    async def _recover(self) -> None:
        _, longest = self._waits
        answers = False
        while not answers:
            await asyncio.sleep(self._wait)
            # Kept when it answers: one that takes probes and no requests is to be asked seldom.
            self._wait = min(2 * self._wait, longest)
            answers = await self.client.answers()
        self._recovery = None
        self._back()

    def _back(self) -> None:
        if self._recovery is not None:
            self._recovery.cancel()
            self._recovery = None
        if self.away_since is not None:
            _log.info("the engine %s answers again", self.name)
            self.away_since = None


class FailoverModel:
    """A ChatModel and an Embedder over two servers. Raises core.errors."""

    def __init__(
        self,
        first: Endpoint,
        fallback: Endpoint,
        *,
        patience: float = PATIENCE_SECONDS,
        look: float = _LOOK_SECONDS,
        fell_back: Callable[[], None] = lambda: None,
    ) -> None:
        self.first = first
        self.fallback = fallback
        self._patience = patience
        self._look = look
        self._fell_back = fell_back
        both = (first, fallback)
        # Vectors of another model mean nothing in the pod's index.
        model = first.client.embedding_model
        self._embedders = [each for each in both if each.client.embedding_model == model]
        self._both = both

    @property
    def stands_in(self) -> bool:
        """Whether the first server is away and the fallback is not."""
        return self.first.away_since is not None and self.fallback.away_since is None

    async def complete(
        self,
        messages: Sequence[ChatMessage],
        *,
        schema: Mapping[str, Any] | None = None,
        max_tokens: int = 256,
    ) -> str:
        """The whole reply of one server; under a JSON schema a document that satisfies it."""
        return await self._ask(
            lambda client: client.complete(messages, schema=schema, max_tokens=max_tokens),
            self._both,
        )

    async def stream(
        self, messages: Sequence[ChatMessage], *, max_tokens: int = 256
    ) -> AsyncGenerator[str]:
        """The reply in pieces, all of one server; raises when that breaks off."""

        async def begin(client: InferenceClient) -> tuple[str | None, AsyncGenerator[str]]:
            pieces = client.stream(messages, max_tokens=max_tokens)
            return await anext(pieces, None), pieces

        first, rest = await self._ask(begin, self._both)
        async with aclosing(rest):
            if first is not None:
                yield first
            async for piece in rest:
                yield piece

    async def embed(self, texts: Sequence[str]) -> list[list[float]]:
        """One vector for each text, all of one server that has the pod's embedding model."""
        return await self._ask(lambda client: client.embed(texts), self._embedders)

    async def forget(self) -> None:
        """Have both drop what they keep of this pod's prompts."""
        await asyncio.gather(*(each.client.forget() for each in self._both))

    async def close(self) -> None:
        """Close the connections to both."""
        for each in self._both:
            await each.close()

    async def _ask(
        self,
        call: Callable[[InferenceClient], Coroutine[Any, Any, _T]],
        endpoints: Sequence[Endpoint],
    ) -> _T:
        """What the first of `endpoints` that is there answers; waits where none is."""
        patience = Patience(self._patience)
        while True:
            # The sort is stable: in their order, those that are away last.
            for each in sorted(endpoints, key=lambda one: one.away_since is not None):
                try:
                    answer = await self._watched(each.client, call(each.client))
                except Busy as error:  # it is there, and may have room for the next request
                    failure: HearthError = error
                except Unavailable as error:
                    failure = error
                    each.failed(error)
                else:
                    each.answered()
                    if each is self.fallback:
                        self._fell_back()
                    return answer
            await patience.after(failure)

    async def _watched(self, client: InferenceClient, asked: Coroutine[Any, Any, _T]) -> _T:
        """The answer, unless the server is found dead while it is waited for.

        A service manager holds the socket of a program that hangs or starts, so that connecting
        to it says nothing.
        """
        task = asyncio.create_task(asked)
        try:
            while not (await asyncio.wait({task}, timeout=self._look))[0]:
                if not await client.answers() and not task.done():
                    raise Unavailable("the model server does not even answer a probe")
            return task.result()
        finally:
            task.cancel()
