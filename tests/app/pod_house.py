"""A pod's way in and way to find, without the pod's service around it."""

from __future__ import annotations

import asyncio
import io
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from reportlab.pdfgen.canvas import Canvas
from sqlalchemy import text
from sqlalchemy.orm import Session

from hearth.core.api import DocumentInfo, SyncReport
from hearth.core.errors import BadInput, Unavailable
from hearth.core.people import ALL_RIGHTS, Caller, Member, Role
from hearth.core.ports import Embedder, Passage
from hearth.core.tools import Tool, ToolContext, ToolResult
from hearth.knowledge.index import VectorIndex
from hearth.knowledge.retrieve import HybridRetriever
from hearth.pod.inbox import Inbox
from hearth.store.database import Database
from hearth.tools.base import Household, Importer, ToolDependencies, ToolFolder

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
ANNA = Caller(member=Member(id="a", name="Anna", role=Role.OWNER), pod="family", rights=ALL_RIGHTS)
LETTER = """\
Harbour Lane Properties
12 Quay Street

3 November 2026

Subject: Heating maintenance

Dear tenants,

the boiler will be serviced on 8 December 2026. The heating stays off that morning.

Please call 555 0199 if a radiator leaks.
"""


class Away:
    """An embedder that does not answer."""

    async def embed(self, texts: Sequence[str]) -> list[list[float]]:
        raise Unavailable("the model server is not answering")


@dataclass(frozen=True)
class House:
    """One pod: its database, a source folder, its inbox and what searches it."""

    database: Database
    source: Path
    uploads: Path
    index: VectorIndex
    inbox: Inbox
    retriever: HybridRetriever

    def write(self, name: str, content: str | bytes) -> Path:
        """Put a file into the source folder."""
        path = self.source / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    def sync(self) -> SyncReport:
        """Read what changed."""
        return asyncio.run(self.inbox.sync())

    def add(self, name: str, data: bytes) -> DocumentInfo:
        """Upload a file."""
        return asyncio.run(self.inbox.add("upload", name, data))

    def embed(self) -> int:
        """Embed what waits for it."""
        return asyncio.run(self.inbox.embed())

    def search(self, question: str, limit: int = 5) -> list[Passage]:
        """Passages for a question."""
        return asyncio.run(self.retriever.search(question, limit=limit))

    def dependencies(self) -> ToolDependencies:
        """What a tool folder is built from."""
        return ToolDependencies(
            database=self.database,
            household=Household(zone="UTC", currency="EUR"),
            retriever=self.retriever,
            clock=lambda: NOW,
        )


def build_house(
    folder: Path,
    database: Database,
    embedder: Embedder,
    *,
    importers: Sequence[Importer] = (),
    model: str = "hashing",
    file_bytes: int = 1_000_000,
    fetched: Mapping[str, Path] | None = None,
    forgotten: Callable[[], Awaitable[None]] | None = None,
) -> House:
    """A house in `folder`; built again on the same database it is the same after a restart."""
    source, home = folder / "papers", database.path.parent
    source.mkdir(exist_ok=True)
    index = VectorIndex(database, home, model)
    inbox = Inbox(
        database,
        {"papers": source},
        importers,
        embedder,
        index,
        fetched=fetched,
        uploads=home / "uploads",
        file_bytes=file_bytes,
        clock=lambda: NOW,
        forgotten=forgotten,
    )
    retriever = HybridRetriever(database, index, embedder)
    return House(database, source, home / "uploads", index, inbox, retriever)


def ask(tools: ToolFolder, name: str, request: str, *recent: str, **arguments: str) -> ToolResult:
    """What the tool called `name` makes of a member's request."""
    tool: Tool = next(tool for tool in tools.tools if tool.name == name)
    context = ToolContext(caller=ANNA, now=NOW, request=request, recent=recent)
    return asyncio.run(_run(tool, context, arguments))


async def _run(tool: Tool, context: ToolContext, arguments: dict[str, str]) -> ToolResult:
    return await tool.run(context, tool.arguments.model_validate(arguments))


def pdf(*pages: Sequence[str]) -> bytes:
    """A PDF with these pages of lines."""
    out = io.BytesIO()
    canvas = Canvas(out)
    for page in pages:
        for number, line in enumerate(page):
            canvas.drawString(72, 770 - 14 * number, line)
        canvas.showPage()
    canvas.save()
    return out.getvalue()


class Rows:
    """An importer of `.rows` files: one line a row; `bad` is refused, `late` only when stored."""

    kind = "ledger"
    suffixes = frozenset({".rows"})

    def read(self, data: bytes, name: str) -> list[str]:
        lines = data.decode().split()
        if "bad" in lines:
            raise BadInput("line 1 is bad", where=name, remedy="Correct it.")
        if "crash" in lines:
            raise RuntimeError("a flaw")
        return lines

    def store(self, session: Session, document: int, parsed: Any) -> str:
        insert = text("INSERT INTO accounts (name, currency) VALUES (:name, 'EUR')")
        for name in parsed:
            if name == "late":
                raise BadInput("this row is for nobody", remedy="Remove it.")
            session.execute(insert, {"name": f"{document}-{name}"})
        return f"{len(parsed)} rows"

    def text(self, data: bytes, parsed: Any) -> str:
        return data.decode()


def snapshot(house: House) -> list[object]:
    """Every row that a document could leave behind."""
    tables = ("documents", "chunks", "accounts", "chunks_fts")
    with house.database.read() as session:
        return [session.execute(text(f"SELECT * FROM {name}")).all() for name in tables]  # noqa: S608
