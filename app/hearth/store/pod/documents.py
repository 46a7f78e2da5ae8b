"""The pod's documents as rows."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from hearth.core.api import DocumentInfo, FileFailure
from hearth.core.errors import NotFound
from hearth.store.pod import search
from hearth.store.pod.tables import DocumentRow

NOTE = "note"  # the source, and the kind, of what a member asked to remember
UPLOAD = "upload"


@dataclass(frozen=True)
class NewDocument:
    """A document about to be stored."""

    source: str
    path: str
    title: str
    kind: str
    sha256: str
    bytes: int
    modified: float  # seconds; 0 for what is not a file
    text: str | None
    detail: str = ""


@dataclass(frozen=True)
class Known:
    """What is on record of a file: enough to see whether it changed."""

    id: int
    sha256: str
    bytes: int
    modified: float
    state: str


def known(session: Session, source: str, path: str | None = None) -> dict[str, Known]:
    """The files on record for `source`, by path; only the one at `path` where it is given."""
    row = DocumentRow
    query = select(row.path, row.id, row.sha256, row.bytes, row.modified, row.state)
    query = query.where(row.source == source)
    if path is not None:
        query = query.where(row.path == path)
    return {
        found: Known(id_, sha256, size, modified, state)
        for found, id_, sha256, size, modified, state in session.execute(query)
    }


def sources(session: Session) -> set[str]:
    """The names of all sources that documents came from."""
    return set(session.scalars(select(DocumentRow.source).distinct()))


def put(session: Session, new: NewDocument, now: datetime) -> int:
    """Store a document in place of an earlier one at its path, whose rows all go; its id."""
    earlier = session.scalar(
        select(DocumentRow.id).where(DocumentRow.source == new.source, DocumentRow.path == new.path)
    )
    if earlier is not None:
        session.execute(delete(DocumentRow).where(DocumentRow.id == earlier))
    row = DocumentRow(id=earlier, state="indexed", remedy=None, added=now, **vars(new))
    session.add(row)
    session.flush()
    return row.id


def describe(session: Session, document: int, detail: str) -> None:
    """Say what a document holds."""
    session.execute(update(DocumentRow).where(DocumentRow.id == document).values(detail=detail))


def put_failure(
    session: Session, new: NewDocument, message: str, remedy: str | None, now: datetime
) -> None:
    """Record that a file could not be read; what an earlier version of it held stays."""
    row = session.scalar(
        select(DocumentRow).where(DocumentRow.source == new.source, DocumentRow.path == new.path)
    )
    if row is None:
        row = DocumentRow(**vars(new), added=now)
        session.add(row)
    kept = "; what was read of it before is still in use" if row.text is not None else ""
    row.state, row.detail, row.remedy = "failed", message + kept, remedy
    row.sha256, row.bytes, row.modified = new.sha256, new.bytes, new.modified


def touch(session: Session, document: int, modified: float) -> None:
    """Note a file's new modification time; its content is what it was."""
    session.execute(update(DocumentRow).where(DocumentRow.id == document).values(modified=modified))


def remove(session: Session, documents: Collection[int]) -> None:
    """Delete documents with everything that came from them."""
    if documents:
        session.execute(delete(DocumentRow).where(DocumentRow.id.in_(documents)))
        search.scrub(session)


def get(session: Session, document: int) -> DocumentRow:
    """One document; NotFound when it is gone."""
    row = session.get(DocumentRow, document)
    if row is None:
        raise NotFound("there is no such document; it may have been removed")
    return row


def info(row: DocumentRow) -> DocumentInfo:
    """A document as the pages show it."""
    return DocumentInfo(
        id=row.id,
        source=row.source,
        path=row.path,
        title=row.title,
        kind=row.kind,
        bytes=row.bytes,
        state="indexed" if row.state == "indexed" else "failed",
        detail=row.detail,
    )


def listing(session: Session, *, notes: bool = False) -> list[DocumentInfo]:
    """Every document by source and path; notes only where asked for."""
    query = select(DocumentRow).order_by(DocumentRow.source, DocumentRow.path)
    if not notes:
        query = query.where(DocumentRow.kind != NOTE)
    return [info(row) for row in session.scalars(query)]


def failures(session: Session) -> list[FileFailure]:
    """The files that could not be read, and why."""
    query = select(DocumentRow).where(DocumentRow.state == "failed").order_by(DocumentRow.path)
    return [
        FileFailure(path=row.path, message=row.detail, remedy=row.remedy)
        for row in session.scalars(query)
    ]


def twin(session: Session, source: str, sha256: str) -> DocumentInfo | None:
    """The document of `source` that was read from the very same bytes, if there is one."""
    query = select(DocumentRow).where(DocumentRow.source == source, DocumentRow.sha256 == sha256)
    row = session.scalars(query.where(DocumentRow.state == "indexed").limit(1)).first()
    return info(row) if row else None
