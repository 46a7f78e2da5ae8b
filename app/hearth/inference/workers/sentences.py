"""An embedding model or a reranker in a process of its own."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from pydantic import TypeAdapter

from hearth.inference.engine.spec import SentenceSpec
from hearth.inference.workers.child import Message
from hearth.inference.workers.process import ModelProcess

_SPEC = TypeAdapter(SentenceSpec)
_SLICE = 32  # texts that one message carries, so that a question waits for one slice at most


class SentenceWorker:
    """A TextEmbedder or a TextReranker, as its spec says. Loads in the background."""

    def __init__(
        self,
        spec: SentenceSpec,
        command: Sequence[str],
        *,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        self.process = ModelProcess(
            spec.name,
            command,
            _SPEC.dump_python(spec, mode="json"),
            hear=self._hear,
            environment=environment,
        )

    def wait(self) -> None:
        """Until it has loaded; raises what it could not load for."""
        self.process.child.wait()

    async def embed(self, texts: Sequence[str]) -> Any:
        """See TextEmbedder."""
        with self.process.hold():
            return np.concatenate([await self._embed(part) for part in _slices(texts)])

    async def rank(self, query: str, documents: Sequence[str]) -> list[float]:
        """See TextReranker."""
        scores: list[float] = []
        with self.process.hold():
            for part in _slices(documents):
                scores += (await self._rank(query, part))["values"]
        return scores

    def healthy(self) -> bool:
        """Whether it can be asked now."""
        return self.process.child.up

    def close(self) -> None:
        """End it after what it is doing."""
        self.process.child.close()

    async def _embed(self, texts: list[str]) -> Any:
        _, said = await self.process.ask(lambda number: {"embed": number, "texts": texts})
        rows = np.frombuffer(base64.b64decode(said["data"]), dtype="<f4")
        return rows.reshape(said["rows"], -1)

    async def _rank(self, query: str, texts: list[str]) -> Message:
        _, said = await self.process.ask(
            lambda number: {"rank": number, "query": query, "texts": texts}
        )
        answer: Message = said
        return answer

    def _hear(self, message: Message) -> None:
        match message:
            case {"vectors": int(number)} | {"scores": int(number)}:
                self.process.tell(number, [message], last=True)


def _slices(texts: Sequence[str]) -> list[list[str]]:
    return [list(texts[at : at + _SLICE]) for at in range(0, len(texts), _SLICE)]
