"""Clients that ask and listen: the same requests to every server, over its own HTTP API."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import httpx
from peers.turns import Ask

_SEED = 11
_LOOK_SECONDS = 0.02


@dataclass
class Stream:
    """One answer as its client saw it; times are seconds of time.perf_counter."""

    begun: float
    pieces: list[float] = field(default_factory=list)  # when each piece of text came
    told: int | None = None  # tokens by the server's own count
    reason: str | None = None  # why it ended; none if it was cut off
    fault: str | None = None

    @property
    def tokens(self) -> int:
        """Tokens made: the server's count, else one a piece."""
        return len(self.pieces) if self.told is None else self.told

    @property
    def first(self) -> float | None:
        """Seconds to the first piece."""
        return self.pieces[0] - self.begun if self.pieces else None

    @property
    def rate(self) -> float | None:
        """Tokens a second after the first."""
        if len(self.pieces) < 2 or self.tokens < 2:
            return None
        return (self.tokens - 1) / (self.pieces[-1] - self.pieces[0])

    @property
    def gap(self) -> float | None:
        """The longest wait between two pieces, in seconds."""
        waits = [
            after - before for before, after in zip(self.pieces, self.pieces[1:], strict=False)
        ]
        return max(waits, default=None)


@dataclass(frozen=True)
class Wave:
    """Several requests that were under way together."""

    streams: tuple[Stream, ...]
    seconds: float  # from the first request to the last piece, or to the limit
    cut: bool  # whether the limit ended it

    @property
    def rate(self) -> float:
        """Tokens of all streams a second."""
        return sum(stream.tokens for stream in self.streams) / self.seconds

    @property
    def broken(self) -> int:
        """Streams that the server refused, or ended before they were done."""
        return sum(stream.fault is not None for stream in self.streams)


async def together(
    http: httpx.AsyncClient,
    model: str,
    queues: Sequence[Sequence[Ask]],
    *,
    limit: float,
    delays: Sequence[float] = (),
    enough: int | None = None,
) -> Wave:
    """Each client sends its asks one after the other; all of it takes at most `limit` seconds.

    A client begins after its delay. Ends early once `enough` streams have a first piece.
    """
    streams: list[Stream] = []
    begun = time.perf_counter()
    waits = list(delays) or [0.0] * len(queues)
    tasks = [
        asyncio.create_task(_client(http, model, asks, delay, streams))
        for asks, delay in zip(queues, waits, strict=True)
    ]
    pending = set(tasks)
    while pending and time.perf_counter() - begun < limit and not _enough(streams, enough):
        _, pending = await asyncio.wait(pending, timeout=_LOOK_SECONDS)
    for task in pending:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    seconds = time.perf_counter() - begun
    return Wave(tuple(streams), seconds, cut=bool(pending))


async def _client(
    http: httpx.AsyncClient, model: str, asks: Sequence[Ask], delay: float, streams: list[Stream]
) -> None:
    await asyncio.sleep(delay)
    for ask in asks:
        stream = Stream(time.perf_counter())
        streams.append(stream)
        await _listen(http, model, ask, stream)


def _enough(streams: Sequence[Stream], enough: int | None) -> bool:
    return enough is not None and sum(bool(stream.pieces) for stream in streams) >= enough


async def _listen(http: httpx.AsyncClient, model: str, ask: Ask, stream: Stream) -> None:
    body = {
        "model": model,
        "messages": ask.messages,
        "max_tokens": ask.tokens,
        "temperature": 0,
        "seed": _SEED,
        "stream": True,
        "stream_options": {"include_usage": True},
    }
    try:
        async with http.stream("POST", "/v1/chat/completions", json=body) as response:
            if response.is_error:
                text = (await response.aread()).decode(errors="replace")
                stream.fault = f"{response.status_code} {text[:200]}"
                return
            async for line in response.aiter_lines():
                if line.startswith("data: {"):
                    _take(stream, json.loads(line[6:]))
        if stream.reason is None:
            stream.fault = stream.fault or "it ended without a reason"
    except httpx.HTTPError as error:
        stream.fault = repr(error)


def _take(stream: Stream, chunk: dict[str, Any]) -> None:
    if "error" in chunk:
        stream.fault = str(chunk["error"])[:200]
    if usage := chunk.get("usage"):
        stream.told = usage["completion_tokens"]
    for choice in chunk.get("choices") or ():
        if choice["delta"].get("content"):
            stream.pieces.append(time.perf_counter())
        stream.reason = choice.get("finish_reason") or stream.reason
