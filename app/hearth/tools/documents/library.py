"""What papers there are."""

from __future__ import annotations

import asyncio

from pydantic import BaseModel, ConfigDict

from hearth.core.api import DocumentInfo
from hearth.core.people import Right
from hearth.core.tools import Fact, Tool, ToolContext, ToolResult
from hearth.store.database import Database
from hearth.store.pod import documents

_SHOWN = 30


class LibraryArguments(BaseModel):
    """The list needs nothing."""

    model_config = ConfigDict(extra="forbid")


class Library:
    """Lists the pod's documents."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def tool(self) -> Tool:
        """The declaration for the turn."""
        return Tool(
            name="documents_list",
            description="lists the files and documents that this pod has, by title",
            arguments=LibraryArguments,
            examples=(
                "What documents do we have?",
                "Which files have you read?",
                "List all my papers.",
                "Show me the list of documents.",
                "Which files could not be read?",
                "How many documents are there?",
            ),
            right=Right.ASK,
            run=self._run,
        )

    async def _run(self, context: ToolContext, arguments: BaseModel) -> ToolResult:
        listed = await asyncio.to_thread(self._listed)
        if not listed:
            return ToolResult(
                answer="There are no documents yet. Add one on the documents page.",
                verbatim=True,
                summary="no documents",
            )
        lines = [_line(one) for one in listed[:_SHOWN]]
        if len(listed) > _SHOWN:
            lines.append(f"… and {len(listed) - _SHOWN} more, on the documents page.")
        count = f"{len(listed)} document{'s' if len(listed) > 1 else ''}"
        return ToolResult(
            answer="\n".join([f"There {'are' if len(listed) > 1 else 'is'} {count}:", *lines]),
            facts=tuple(Fact(text=line) for line in lines),
            verbatim=True,
            summary=count,
        )

    def _listed(self) -> list[DocumentInfo]:
        with self._database.read() as session:
            return documents.listing(session)


def _line(one: DocumentInfo) -> str:
    state = f"could not be read: {one.detail}" if one.state == "failed" else one.detail
    return f"- {one.title} ({one.path}){f': {state}' if state else ''}"
