"""Which tools a request may be for: its likeness to each tool's example phrases.

The model chooses among the likely tools only. Measured on household requests, likeness alone and
the small model alone each go wrong now and then, but seldom on the same request.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Sequence

from hearth.core.ports import Embedder
from hearth.core.tools import Tool

MARGIN = 0.12  # cosine: how far behind the likeliest tool another one still is in question
CERTAIN = 0.18  # cosine: a lead that leaves the model nothing to choose
MOST = 4  # tools that the model chooses among
FOLLOW_UP_WORDS = 6

_QUESTION = re.compile(
    r"\W*(?:and\s+|so\s+|but\s+|until\s+|since\s+|at\s+|on\s+|to\s+|for\s+|from\s+)*"
    r"(?:what|when|where|who|whom|whose|which|why|how|is|are|am|was|were|do|does|did|has|have)\b",
    re.IGNORECASE,
)


def is_question(request: str) -> bool:
    """Whether `request` asks for something that is there already, and so proposes no change.

    "Could you add …?" asks for a change; it is no question here.
    """
    return _QUESTION.match(request) is not None


class Router:
    """Likeness of requests to tools. The examples are embedded once, when first needed."""

    def __init__(self, embedder: Embedder) -> None:
        self._embedder = embedder
        self._examples: dict[str, list[list[float]]] = {}
        self._lock = asyncio.Lock()

    async def likely(
        self, request: str, tools: Sequence[Tool], recent: Sequence[str] = ()
    ) -> list[Tool]:
        """The tools that `request` is likely for, likeliest first.

        A short request after others is read together with the one before it ("And on Sunday?").
        """
        await self._prepare(tools)
        texts = [request]
        if recent and len(request.split()) <= FOLLOW_UP_WORDS:
            texts.append(f"{recent[-1]} {request}")
        vectors = await self._embedder.embed(texts)
        scored = sorted(
            ((self._score(tool, vectors), index) for index, tool in enumerate(tools)),
            key=lambda pair: (-pair[0], pair[1]),
        )
        best = scored[0][0]
        if len(scored) > 1 and len(texts) == 1 and best - scored[1][0] > CERTAIN:
            return [tools[scored[0][1]]]
        return [tools[index] for score, index in scored[:MOST] if score >= best - MARGIN]

    async def _prepare(self, tools: Sequence[Tool]) -> None:
        async with self._lock:
            missing = [tool for tool in tools if tool.name not in self._examples]
            phrases = [phrase for tool in missing for phrase in tool.examples]
            vectors = iter(await self._embedder.embed(phrases) if phrases else [])
            for tool in missing:
                self._examples[tool.name] = [next(vectors) for _ in tool.examples]

    def _score(self, tool: Tool, requests: list[list[float]]) -> float:
        examples = self._examples[tool.name]
        return max(
            (_dot(request, phrase) for request in requests for phrase in examples), default=0
        )


def _dot(left: list[float], right: list[float]) -> float:
    return sum(a * b for a, b in zip(left, right, strict=True))
