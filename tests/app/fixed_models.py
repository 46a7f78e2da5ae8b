"""Models that are loaded already, for a test of the API alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from hearth.inference.generation import TextEmbedder, TextEngine, TextReranker
from hearth.inference.server.models import not_found


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
