"""A passage opened in its document, the cited lines marked."""

from __future__ import annotations

from hearth.core.api import SourceLine, SourceView
from hearth.core.errors import NotFound
from hearth.store.database import Database
from hearth.store.pod import chunks, documents
from hearth.store.pod.chunks import StoredChunk

_AROUND = 20  # lines shown before and after
_LINE_CHARACTERS = 2_000


class Opener:
    """Opens `passage:ID`, of a document or a note."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def open(self, key: str) -> SourceView:
        """The document around the passage with this id; NotFound when it is gone."""
        if not (key.isascii() and key.isdigit() and len(key) < 19):
            raise NotFound("there is no such passage")
        with self._database.read() as session:
            chunk = chunks.get(session, int(key))
            text = documents.get(session, chunk.document).text or ""
        note = chunk.kind == documents.NOTE
        return SourceView(
            ref=f"passage:{chunk.id}",
            kind="note" if note else "passage",
            title=chunk.title,
            source=chunk.detail if note else chunk.path,
            locator="" if note else chunk.locator,
            lines=_lines(text, chunk),
        )


def _lines(text: str, chunk: StoredChunk) -> tuple[SourceLine, ...]:
    page = text if chunk.page is None else text.split("\f")[chunk.page - 1]
    lines = page.split("\n")
    first = max(1, chunk.first_line - _AROUND)
    last = min(len(lines), chunk.last_line + _AROUND)
    return tuple(
        SourceLine(number=number, text=_shown(lines[number - 1], chunk, cited), cited=cited)
        for number in range(first, last + 1)
        for cited in [chunk.first_line <= number <= chunk.last_line]
    )


def _shown(line: str, chunk: StoredChunk, cited: bool) -> str:
    if len(line) <= _LINE_CHARACTERS:
        return line
    return f"… {chunk.text} …" if cited else f"{line[:_LINE_CHARACTERS]} …"
