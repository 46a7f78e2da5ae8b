"""The models that the API serves, as it sees them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from hearth.core.errors import NotFound
from hearth.inference.generation import TextEmbedder, TextEngine, TextReranker


class Models(Protocol):
    """Models by name. Each call may load one; raises NotFound, Busy, Unavailable."""

    def names(self) -> Sequence[str]:
        """What may be asked for; an adapter of a chat model is `NAME:ADAPTER`."""

    async def chat(self, name: str) -> TextEngine:
        """The engine of a chat model."""

    async def embedder(self, name: str) -> TextEmbedder:
        """An embedding model."""

    async def reranker(self, name: str) -> TextReranker:
        """A reranking model."""

    async def forget(self, caller: str) -> None:
        """Drop what the loaded models keep of a caller's finished requests."""


def not_found(name: str, purpose: str) -> NotFound:
    """There is no model of this name for this purpose."""
    return NotFound(
        f"this server has no {purpose} model {name!r}",
        where="model",
        remedy="GET /v1/models lists what it has.",
    )
