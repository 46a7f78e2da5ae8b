"""Writing a note down, and forgetting it."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any
from uuid import uuid4

from sqlalchemy.orm import Session

from hearth.core.errors import BadInput, Conflict, NotFound
from hearth.store.pod import chunks, documents
from hearth.store.pod.chunks import NewChunk
from hearth.store.pod.documents import NOTE, NewDocument

WRITER = "notes.add"
NOTE_CHARACTERS = 2_000


class NoteWriter:
    """A note is a document with one passage, so that whatever finds documents finds it."""

    name = WRITER

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self._clock = clock

    def apply(self, session: Session, change: Mapping[str, Any], actor: str) -> dict[str, Any]:
        """Store the note; `revert` needs its document."""
        text = str(change.get("text", "")).strip()
        if not text or len(text) > NOTE_CHARACTERS:
            raise BadInput(
                "a note needs some text, and not too much",
                remedy=f"Say it in at most {NOTE_CHARACTERS:,} characters.",
            )
        now = self._clock()
        document = documents.put(session, _document(text, actor, now), now)
        lines = 1 + text.count("\n")
        chunks.put(session, document, [NewChunk(text=text, first_line=1, last_line=lines)])
        return {"document": document}

    def revert(self, session: Session, undo: Mapping[str, Any]) -> None:
        """Forget the note, in every index."""
        try:
            documents.get(session, undo["document"])
        except NotFound as error:
            raise Conflict("this note is already gone") from error
        documents.remove(session, [undo["document"]])


def _document(text: str, actor: str, now: datetime) -> NewDocument:
    data = text.encode()
    return NewDocument(
        source=NOTE,
        path=uuid4().hex,
        title=f"Note of {now.day} {now:%B %Y}",
        kind=NOTE,
        sha256=hashlib.sha256(data).hexdigest(),
        bytes=len(data),
        modified=0.0,
        text=text,
        detail=f"added by {actor}",
    )
