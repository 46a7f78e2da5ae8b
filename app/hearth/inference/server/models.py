"""The models that the API serves, as it sees them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from hearth.core.errors import NotFound
from hearth.inference.engine.embedding import TextEmbedder
from hearth.inference.generation import TextEngine


class TextReranker(Protocol):
    """Judges how well documents answer a query."""

    async def rank(self, query: str, documents: Sequence[str]) -> Sequence[float]:
        """A score for each document, in order; more is better."""


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


@dataclass(frozen=True)
class Fixed:
    """Models that are loaded already."""

    engine: TextEngine
    embedders: dict[str, TextEmbedder]
    rerankers: dict[str, TextReranker]

    def names(self) -> Sequence[str]:
        """See Models."""
        info = self.engine.info
        adapters = [f"{info.name}:{adapter}" for adapter in info.adapters]
        return [info.name, *adapters, *self.embedders, *self.rerankers]

    async def chat(self, name: str) -> TextEngine:
        """See Models."""
        if name != self.engine.info.name:
            raise not_found(name, "chat")
        return self.engine

    async def embedder(self, name: str) -> TextEmbedder:
        """See Models."""
        if name not in self.embedders:
            raise not_found(name, "embedding")
        return self.embedders[name]

    async def reranker(self, name: str) -> TextReranker:
        """See Models."""
        if name not in self.rerankers:
            raise not_found(name, "reranking")
        return self.rerankers[name]

    async def forget(self, caller: str) -> None:
        """See Models."""
        await self.engine.forget(caller)


def not_found(name: str, purpose: str) -> NotFound:
    """There is no model of this name for this purpose."""
    return NotFound(
        f"this server has no {purpose} model {name!r}",
        where="model",
        remedy="GET /v1/models lists what it has.",
    )
