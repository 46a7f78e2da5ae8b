"""Passages of documents as rows, with their embeddings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Select, or_, select, update
from sqlalchemy.orm import Session, defer

from hearth.core.errors import NotFound
from hearth.store.pod.documents import NOTE
from hearth.store.pod.tables import ChunkRow, DocumentRow

_IDS_A_QUERY = 500


@dataclass(frozen=True)
class NewChunk:
    """A passage about to be stored. Lines count from 1, within the page where there is one."""

    text: str
    first_line: int
    last_line: int
    heading: str = ""
    page: int | None = None


@dataclass(frozen=True)
class StoredChunk:
    """A passage with what is needed to cite it; without `embedding` until it is made."""

    id: int
    document: int
    kind: str
    source: str
    path: str
    title: str
    detail: str
    added: datetime
    heading: str
    text: str
    page: int | None
    first_line: int
    last_line: int
    embedding: bytes | None  # float32, little-endian, unit length

    @property
    def locator(self) -> str:
        """Its place in words: "lines 12–15", "page 1, line 3"."""
        lines = f"lines {self.first_line}–{self.last_line}"
        if self.first_line == self.last_line:
            lines = f"line {self.first_line}"
        return lines if self.page is None else f"page {self.page}, {lines}"


def put(session: Session, document: int, chunks: Sequence[NewChunk]) -> list[int]:
    """Store the passages of a document, in order; their ids."""
    rows = [
        ChunkRow(document=document, ordinal=ordinal, embedding=None, **vars(chunk))
        for ordinal, chunk in enumerate(chunks)
    ]
    session.add_all(rows)
    session.flush()
    return [row.id for row in rows]


def find(session: Session, chunks: Sequence[int]) -> dict[int, StoredChunk]:
    """The named passages that still exist, by id."""
    return {
        chunk.id: _stored(chunk, document)
        for some in _slices(chunks)
        for chunk, document in session.execute(_passage().where(ChunkRow.id.in_(some)))
    }


def get(session: Session, chunk: int) -> StoredChunk:
    """One passage; NotFound when it is gone."""
    found = find(session, [chunk])
    if chunk not in found:
        raise NotFound("this passage is gone; its document has changed or was removed")
    return found[chunk]


def notes(session: Session, limit: int) -> list[StoredChunk]:
    """What members asked to remember, newest first."""
    query = _passage().where(DocumentRow.kind == NOTE).order_by(ChunkRow.id.desc())
    return [_stored(chunk, document) for chunk, document in session.execute(query.limit(limit))]


def unembedded(session: Session, model: str, limit: int) -> list[StoredChunk]:
    """Passages that have no embedding by `model` yet, oldest first."""
    column = ChunkRow.embedding_model
    # Ranges, where an index serves; "is not" would read every row.
    pending = or_(column.is_(None), column < model, column > model)
    rows = session.execute(_passage().where(pending).order_by(ChunkRow.id).limit(limit))
    return [_stored(chunk, document) for chunk, document in rows]


def put_embeddings(session: Session, model: str, vectors: Mapping[int, bytes]) -> None:
    """Store the embeddings of passages; one that is gone meanwhile is passed over."""
    for chunk, vector in vectors.items():
        session.execute(
            update(ChunkRow)
            .where(ChunkRow.id == chunk)
            .values(embedding=vector, embedding_model=model)
        )


def embedded(session: Session, model: str) -> set[int]:
    """The passages that have an embedding by `model`."""
    return set(session.scalars(select(ChunkRow.id).where(ChunkRow.embedding_model == model)))


def embeddings(session: Session, chunks: Sequence[int]) -> dict[int, bytes]:
    """The embeddings of the named passages, where there are any."""
    columns = select(ChunkRow.id, ChunkRow.embedding).where(ChunkRow.embedding.is_not(None))
    return {
        chunk: vector
        for some in _slices(chunks)
        for chunk, vector in session.execute(columns.where(ChunkRow.id.in_(some)))
        if vector is not None
    }


def _passage() -> Select[ChunkRow, DocumentRow]:
    joined = select(ChunkRow, DocumentRow).join(DocumentRow, DocumentRow.id == ChunkRow.document)
    return joined.options(defer(DocumentRow.text))


def _stored(chunk: ChunkRow, document: DocumentRow) -> StoredChunk:
    return StoredChunk(
        id=chunk.id,
        document=document.id,
        kind=document.kind,
        source=document.source,
        path=document.path,
        title=document.title,
        detail=document.detail,
        added=document.added,
        heading=chunk.heading,
        text=chunk.text,
        page=chunk.page,
        first_line=chunk.first_line,
        last_line=chunk.last_line,
        embedding=chunk.embedding,
    )


def _slices(ids: Sequence[int]) -> list[Sequence[int]]:
    return [ids[start : start + _IDS_A_QUERY] for start in range(0, len(ids), _IDS_A_QUERY)]
