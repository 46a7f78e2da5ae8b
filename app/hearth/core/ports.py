"""What the turn needs from the rest of the house; `services` hands it in."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any, Literal, Protocol

from hearth.core.people import Frozen


class ChatMessage(Frozen):
    """One message of a model's prompt."""

    role: Literal["system", "user", "assistant"]
    content: str


class ChatModel(Protocol):
    """A language model behind an OpenAI-compatible seam."""

    async def complete(
        self,
        messages: Sequence[ChatMessage],
        *,
        schema: Mapping[str, Any] | None = None,
        max_tokens: int = 256,
    ) -> str:
        """The whole reply; under a JSON schema it is a document that satisfies it."""

    def stream(
        self, messages: Sequence[ChatMessage], *, max_tokens: int = 256
    ) -> AsyncIterator[str]:
        """The reply in pieces, as they are generated."""


class Embedder(Protocol):
    """Turns texts into unit vectors."""

    async def embed(self, texts: Sequence[str]) -> list[list[float]]:
        """One L2-normalised vector of equal dimension for each text, in order."""


class Passage(Frozen):
    """A retrieved piece of a document, with its place."""

    chunk: int
    document: int
    kind: Literal["passage", "note"]
    title: str
    source: str
    locator: str
    text: str
    score: float  # fused; only its order means anything
    similarity: float  # cosine to the question, -1 to 1
    overlap: float  # share of the question's content words found in it, 0 to 1


class Retriever(Protocol):
    """Finds passages for a question."""

    async def search(self, query: str, *, limit: int = 5) -> list[Passage]:
        """The best passages first; empty when nothing is indexed."""
