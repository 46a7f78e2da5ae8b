"""A pod's calendar to ask in tests, on Monday 23 November 2026."""

from __future__ import annotations

import asyncio
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from hearth.core.api import SourceView
from hearth.core.people import ALL_RIGHTS, Caller, Member, Role
from hearth.core.ports import Passage
from hearth.core.tools import ToolContext, ToolResult
from hearth.store.database import Database
from hearth.store.migrate import migrate
from hearth.store.pod import documents
from hearth.store.pod.documents import NewDocument
from hearth.tools.base import Household, ToolDependencies
from hearth.tools.calendar import folder

BERLIN = ZoneInfo("Europe/Berlin")
NOW = datetime(2026, 11, 23, 10, 0, tzinfo=BERLIN)  # a Monday
ANNA = Caller(
    member=Member(id="anna", name="Anna", role=Role.OWNER), pod="family", rights=ALL_RIGHTS
)


class NoPassages:
    """A library without documents."""

    async def search(self, query: str, *, limit: int = 5) -> list[Passage]:
        """Nothing."""
        return []


class Pod:
    """One pod's calendar tools over a database of its own."""

    def __init__(self, path: Path, now: datetime = NOW) -> None:
        migrate(path / "pod.sqlite3", "pod")
        self.now = now
        self.database = Database(path / "pod.sqlite3")
        household = Household("Europe/Berlin", "EUR")
        self.folder = folder(
            ToolDependencies(self.database, household, NoPassages(), lambda: self.now)
        )
        self._tools = {tool.name: tool for tool in self.folder.tools}
        (self.importer,) = self.folder.importers
        (self.writer,) = self.folder.writers

    def enter(self, name: str, data: bytes) -> str:
        """Read and store a file; what it holds."""
        parsed = self.importer.read(data, name)
        text = self.importer.text(data, parsed)
        new = NewDocument("family", name, name, "calendar", name, len(data), 0.0, text)
        with self.database.write() as session:
            return self.importer.store(session, documents.put(session, new, self.now), parsed)

    def ask(self, tool: str, request: str, *recent: str, **arguments: str) -> ToolResult:
        """What a tool answers to a request, after `recent` ones, oldest first."""
        declared = self._tools[f"calendar_{tool}"]
        context = ToolContext(ANNA, self.now, request, recent)
        said = declared.arguments.model_validate(arguments)

        async def run() -> ToolResult:
            return await declared.run(context, said)

        return asyncio.run(run())

    def open(self, ref: str) -> SourceView:
        """The source behind a citation."""
        kind, _, key = ref.partition(":")
        return self.folder.openers[kind](key)


def calendar(*events: str, zones: str = "") -> bytes:
    """An iCalendar file of events, each its lines without BEGIN and END."""
    parts = [f"BEGIN:VEVENT\n{event.strip()}\nEND:VEVENT\n" for event in events]
    return f"BEGIN:VCALENDAR\nVERSION:2.0\n{zones}{''.join(parts)}END:VCALENDAR\n".encode()


def refs(result: ToolResult) -> list[str]:
    """The refs of a result's citations, by their printed numbers."""
    cited = [fact.citation for fact in result.facts if fact.citation]
    assert [citation.number for citation in cited] == list(range(1, len(cited) + 1))
    return [citation.ref for citation in cited]
