"""A model that answers from a queue, and an embedder without a model: for unit tests only."""

from __future__ import annotations

import hashlib
import math
import re
from collections import deque
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from typing import Any

from hearth.core.ports import ChatMessage

Reply = str | Exception | Callable[[Sequence[ChatMessage]], str]
DIMENSION = 64


class QueuedModel:
    """Gives the queued replies in turn and keeps every prompt that it saw."""

    def __init__(self, *replies: Reply) -> None:
        self.replies = deque(replies)
        self.prompts: list[list[ChatMessage]] = []
        self.schemas: list[Mapping[str, Any] | None] = []

    async def complete(
        self,
        messages: Sequence[ChatMessage],
        *,
        schema: Mapping[str, Any] | None = None,
        max_tokens: int = 256,
    ) -> str:
        self.schemas.append(schema)
        return self._next(messages)

    async def stream(
        self, messages: Sequence[ChatMessage], *, max_tokens: int = 256
    ) -> AsyncIterator[str]:
        for piece in re.findall(r"\S+\s*", self._next(messages)):
            yield piece

    def _next(self, messages: Sequence[ChatMessage]) -> str:
        self.prompts.append(list(messages))
        reply = self.replies.popleft()
        if isinstance(reply, Exception):
            raise reply
        return reply if isinstance(reply, str) else reply(messages)


class HashingEmbedder:
    """Unit vectors from hashed words: texts that share words are alike."""

    async def embed(self, texts: Sequence[str]) -> list[list[float]]:
        return [_vector(text) for text in texts]


def _vector(text: str) -> list[float]:
    vector = [0.0] * DIMENSION
    for word in re.findall(r"\w+", text.lower()) or ["empty"]:
        digest = hashlib.sha256(word.encode()).digest()
        vector[digest[0] % DIMENSION] += 1.0 if digest[1] % 2 else -1.0
    length = math.sqrt(sum(value * value for value in vector)) or 1.0
    return [value / length for value in vector]
