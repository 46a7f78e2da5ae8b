"""Passages for a question: by words (BM25) and by meaning (vectors), fused."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import replace
from operator import mul

from hearth.core.errors import Busy, Unavailable
from hearth.core.ports import Embedder, Passage
from hearth.core.terms import content_words, stems
from hearth.knowledge.embedding import packed, unpacked, wording
from hearth.knowledge.index import VectorIndex
from hearth.store.database import Database
from hearth.store.pod import chunks, search
from hearth.store.pod.chunks import StoredChunk
from hearth.store.pod.documents import NOTE

_log = logging.getLogger(__name__)
_Ranked = tuple[StoredChunk, float]  # with its fused score
_CANDIDATES = 30  # from each of the two rankings
_RRF = 60  # Cormack, Clarke, Büttcher: Reciprocal Rank Fusion, SIGIR 2009
_DUPLICATE = 0.9  # share of words in common from which two passages say the same


class HybridRetriever:
    """Finds passages in one pod; by words alone while the embedder is away."""

    def __init__(self, database: Database, index: VectorIndex, embedder: Embedder) -> None:
        self._database = database
        self._index = index
        self._embedder = embedder

    async def search(self, query: str, *, limit: int = 5) -> list[Passage]:
        """The best passages first; empty when nothing is indexed."""
        vector = await self._vector(query)
        ranked = await asyncio.to_thread(self._ranked, query, vector, limit)
        if vector:
            ranked = await self._completed(ranked)
        wanted = stems(query)
        return [_passage(chunk, score, vector, wanted) for chunk, score in ranked]

    async def _vector(self, query: str) -> list[float] | None:
        try:
            return (await self._embedder.embed([query]))[0]
        except (Busy, Unavailable) as error:
            _log.warning("searching by words alone: %s", error)
            return None

    def _ranked(self, query: str, vector: list[float] | None, limit: int) -> list[_Ranked]:
        near = [chunk for chunk, _ in self._index.search(vector, _CANDIDATES)] if vector else []
        with self._database.read() as session:
            scores = _fused(search.match(session, content_words(query), _CANDIDATES), near)
            found = chunks.find(session, list(scores))
        for chunk in found.values():
            if vector and chunk.embedding is None:  # its words must speak for its meaning, too
                scores[chunk.id] *= 2
        order = sorted(found.values(), key=lambda chunk: (-scores[chunk.id], chunk.id))
        return [(chunk, scores[chunk.id]) for chunk in _distinct(order, limit)]

    async def _completed(self, ranked: list[_Ranked]) -> list[_Ranked]:
        """`ranked` with embeddings for what is too new to have one."""
        late = [chunk for chunk, _ in ranked if chunk.embedding is None]
        vectors = await self._embedder.embed([wording(chunk) for chunk in late]) if late else []
        made = {one.id: packed(vector) for one, vector in zip(late, vectors, strict=True)}
        return [
            (replace(chunk, embedding=made.get(chunk.id, chunk.embedding)), score)
            for chunk, score in ranked
        ]


def _fused(*rankings: Sequence[int]) -> dict[int, float]:
    scores: dict[int, float] = {}
    for ranking in rankings:
        for rank, chunk in enumerate(ranking, start=1):
            scores[chunk] = scores.get(chunk, 0.0) + 1 / (_RRF + rank)
    return scores


def _distinct(order: Sequence[StoredChunk], limit: int) -> list[StoredChunk]:
    kept: list[tuple[StoredChunk, frozenset[str]]] = []
    for chunk in order:
        own = stems(chunk.text)
        if not any(_alike(own, other) for _, other in kept):
            kept.append((chunk, own))
        if len(kept) == limit:
            break
    return [chunk for chunk, _ in kept]


def _alike(one: frozenset[str], other: frozenset[str]) -> bool:
    return len(one & other) >= _DUPLICATE * max(1, len(one | other))


def _similarity(chunk: StoredChunk, vector: Sequence[float] | None) -> float:
    if vector is None or chunk.embedding is None:
        return 0.0
    own = unpacked(chunk.embedding)
    return sum(map(mul, own, vector)) if len(own) == len(vector) else 0.0


def _passage(
    chunk: StoredChunk, score: float, vector: list[float] | None, wanted: frozenset[str]
) -> Passage:
    held = stems(f"{chunk.title} {chunk.path} {chunk.heading} {chunk.text}")
    note = chunk.kind == NOTE
    return Passage(
        chunk=chunk.id,
        document=chunk.document,
        kind="note" if note else "passage",
        title=chunk.title,
        source=chunk.detail if note else chunk.path,
        locator="" if note else chunk.locator,
        text=chunk.text,
        score=score,
        similarity=_similarity(chunk, vector),
        overlap=len(wanted & held) / len(wanted) if wanted else 0.0,
    )
