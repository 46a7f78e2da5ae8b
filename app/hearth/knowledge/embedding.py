"""Embeddings for passages: made after their text is safe, and resumed wherever they stopped."""

from __future__ import annotations

import asyncio
import sys
from array import array
from collections.abc import Sequence

from hearth.core.ports import Embedder
from hearth.core.terms import stems
from hearth.knowledge.formats import title_from_name
from hearth.knowledge.index import VectorIndex
from hearth.store.database import Database
from hearth.store.pod import chunks
from hearth.store.pod.chunks import StoredChunk
from hearth.store.pod.documents import NOTE

_BATCH = 32
_CHARACTERS = 2_000  # more than the model's window holds


async def embed_pending(database: Database, embedder: Embedder, index: VectorIndex) -> int:
    """Embed every passage that lacks an embedding by the index's model; how many there were.

    Raises Unavailable when the embedder is; what was made until then is kept.
    """
    done = 0
    while batch := await asyncio.to_thread(_pending, database, index.model):
        vectors = await embedder.embed([wording(chunk) for chunk in batch])
        await asyncio.to_thread(_keep, database, index.model, batch, vectors)
        await asyncio.to_thread(index.refresh)
        done += len(batch)
    if done:
        await asyncio.to_thread(index.save)
    return done


def packed(vector: Sequence[float]) -> bytes:
    """A vector as the database keeps it: float32, little-endian."""
    numbers = array("f", vector)
    if sys.byteorder == "big":
        numbers.byteswap()
    return numbers.tobytes()


def unpacked(stored: bytes) -> array[float]:
    """The vector that `packed` made these bytes from."""
    numbers = array("f", stored)
    if sys.byteorder == "big":
        numbers.byteswap()
    return numbers


def _pending(database: Database, model: str) -> list[StoredChunk]:
    with database.read() as session:
        return chunks.unembedded(session, model, _BATCH)


def _keep(
    database: Database, model: str, batch: Sequence[StoredChunk], vectors: Sequence[Sequence[float]]
) -> None:
    made = {chunk.id: packed(vector) for chunk, vector in zip(batch, vectors, strict=True)}
    with database.write() as session:
        chunks.put_embeddings(session, model, made)


def wording(chunk: StoredChunk) -> str:
    """What of a passage is embedded: its own words under its document's title and name."""
    if chunk.kind == NOTE:
        return chunk.text[:_CHARACTERS]
    heading = "" if chunk.heading in chunk.text else chunk.heading
    filed_as = title_from_name(chunk.path)
    named = "" if stems(filed_as) <= stems(chunk.title) else filed_as
    head = " – ".join(filter(None, (chunk.title, named, heading)))
    return f"{head}\n{chunk.text}"[:_CHARACTERS]
