"""What has been noted."""

from __future__ import annotations

import asyncio

from pydantic import BaseModel, ConfigDict

from hearth.core.people import Right
from hearth.core.tools import Fact, Tool, ToolContext, ToolResult
from hearth.core.turns import Citation
from hearth.store.database import Database
from hearth.store.pod import chunks
from hearth.store.pod.chunks import StoredChunk

_SHOWN = 20


class ListArguments(BaseModel):
    """The list needs nothing."""

    model_config = ConfigDict(extra="forbid")


class Listing:
    """Lists the notes, newest first."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def tool(self) -> Tool:
        """The declaration for the turn."""
        return Tool(
            name="notes_list",
            description="lists everything that members asked to remember",
            arguments=ListArguments,
            examples=(
                "What have you noted?",
                "What do you remember?",
                "Show me all notes.",
                "List the notes we made.",
                "What did I ask you to remember?",
                "Which notes are there?",
            ),
            right=Right.ASK,
            run=self._run,
        )

    async def _run(self, context: ToolContext, arguments: BaseModel) -> ToolResult:
        noted = await asyncio.to_thread(self._noted)
        if not noted:
            return ToolResult(
                answer="Nothing is noted yet. Say “Remember that …” to add a note.",
                verbatim=True,
                summary="no notes",
            )
        cited = [_citation(number, one) for number, one in enumerate(noted, start=1)]
        lines = [f"- {one.snippet} [{one.number}]" for one in cited]
        return ToolResult(
            answer="\n".join(
                [
                    "These notes are the newest:"
                    if len(noted) == _SHOWN
                    else "This is what I remember:",
                    *lines,
                ]
            ),
            facts=tuple(Fact(text=one.snippet, citation=one) for one in cited),
            verbatim=True,
            summary=f"{len(noted)} note{'s' if len(noted) > 1 else ''}",
        )

    def _noted(self) -> list[StoredChunk]:
        with self._database.read() as session:
            return chunks.notes(session, _SHOWN)


def _citation(number: int, note: StoredChunk) -> Citation:
    return Citation(
        number=number,
        ref=f"passage:{note.id}",
        kind="note",
        title=note.title,
        source=note.detail,
        snippet=note.text,
    )
