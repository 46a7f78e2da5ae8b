"""A file's bytes made ready for the database, touching nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import PurePath
from typing import Any

from sqlalchemy.orm import Session

from hearth.knowledge import formats
from hearth.knowledge.chunk import chunk
from hearth.knowledge.formats import Reading
from hearth.store.pod import chunks, documents
from hearth.store.pod.chunks import NewChunk
from hearth.store.pod.documents import NewDocument
from hearth.tools.base import Importer


@dataclass(frozen=True)
class Prepared:
    """A document as it will be stored, with its passages or what an importer read from it."""

    kind: str
    title: str
    text: str | None
    detail: str = ""
    passages: Sequence[NewChunk] = ()
    importer: Importer | None = None
    parsed: Any = None


def prepare(name: str, data: bytes, importers: Sequence[Importer]) -> Prepared:
    """Read a file by its format. Raises BadInput or TooLarge, in words for the member."""
    suffixes = frozenset[str]().union(*(importer.suffixes for importer in importers))
    formats.check(name, data, suffixes)
    suffix = PurePath(name).suffix.lower()
    for importer in importers:
        if suffix in importer.suffixes:
            return _imported(importer, name, data)
    return _read(formats.read(name, data))


def store(session: Session, new: NewDocument, prepared: Prepared, now: datetime) -> int:
    """Put the document and all that came of it in place of an earlier version; its id."""
    document = documents.put(session, new, now)
    if prepared.importer:
        detail = prepared.importer.store(session, document, prepared.parsed)
        documents.describe(session, document, detail)
    chunks.put(session, document, prepared.passages)
    return document


def _imported(importer: Importer, name: str, data: bytes) -> Prepared:
    parsed = importer.read(data, name)
    return Prepared(
        kind=importer.kind,
        title=formats.title_from_name(name),
        text=importer.text(data, parsed),
        importer=importer,
        parsed=parsed,
    )


def _read(reading: Reading) -> Prepared:
    text = reading.text
    pieces = chunk(text, paged=reading.paged, markdown=reading.markdown) if text else []
    return Prepared(
        kind=reading.kind,
        title=reading.title,
        text=text,
        detail=reading.detail or f"{len((text or '').split()):,} words",
        passages=pieces,
    )
