"""Where a turn's time goes: the model, the embedder, and everything else."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextvars import ContextVar
from typing import Any

from hearth.core.ports import ChatMessage, ChatModel, Embedder
from hearth.core.turns import Timings


class Meter:
    """The clock of one turn. Milliseconds from its making."""

    def __init__(self) -> None:
        self._start = time.perf_counter()
        self._first: float | None = None
        self.model = 0.0
        self.embedding = 0.0

    def first_token(self) -> None:
        """Note the first words shown."""
        if self._first is None:
            self._first = self._elapsed()

    def timings(self) -> Timings:
        """What has been measured so far."""
        total = self._elapsed()
        return Timings(
            total=round(total, 2),
            model=round(self.model, 2),
            embedding=round(self.embedding, 2),
            first_token=round(self._first or total, 2),
            overhead=round(total - self.model - self.embedding, 2),
        )

    def _elapsed(self) -> float:
        return (time.perf_counter() - self._start) * 1000


_current: ContextVar[Meter | None] = ContextVar("meter", default=None)


def measure(meter: Meter) -> None:
    """Let calls from this task count towards `meter`."""
    _current.set(meter)


class MeteredModel:
    """A chat model whose waiting time counts towards the current turn."""

    def __init__(self, model: ChatModel) -> None:
        self._model = model

    async def complete(
        self,
        messages: Sequence[ChatMessage],
        *,
        schema: Mapping[str, Any] | None = None,
        max_tokens: int = 256,
    ) -> str:
        """See ChatModel."""
        start = time.perf_counter()
        try:
            return await self._model.complete(messages, schema=schema, max_tokens=max_tokens)
        finally:
            _count("model", start)

    async def stream(
        self, messages: Sequence[ChatMessage], *, max_tokens: int = 256
    ) -> AsyncIterator[str]:
        """See ChatModel."""
        pieces = self._model.stream(messages, max_tokens=max_tokens)
        start = time.perf_counter()
        async for piece in pieces:
            _count("model", start)
            yield piece
            start = time.perf_counter()
        _count("model", start)


class MeteredEmbedder:
    """An embedder whose waiting time counts towards the current turn."""

    def __init__(self, embedder: Embedder) -> None:
        self._embedder = embedder

    async def embed(self, texts: Sequence[str]) -> list[list[float]]:
        """See Embedder."""
        start = time.perf_counter()
        try:
            return await self._embedder.embed(texts)
        finally:
            _count("embedding", start)


def _count(where: str, start: float) -> None:
    if (meter := _current.get()) is not None:
        spent = (time.perf_counter() - start) * 1000
        setattr(meter, where, getattr(meter, where) + spent)
