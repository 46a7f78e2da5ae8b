"""A real pod whose agent answers from a script instead of a model."""

from __future__ import annotations

import asyncio
import secrets
import threading
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy.orm import Session

from hearth.core.api import EngineState, PodStatus, SourceLine, SourceView
from hearth.core.drafts import Draft, Evidence
from hearth.core.errors import Unavailable
from hearth.core.people import Caller
from hearth.core.tools import Fact, ToolResult
from hearth.core.turns import Citation, Proposal, ToolCall, Turn
from hearth.knowledge.index import VectorIndex
from hearth.pod.actions import Actions
from hearth.pod.app import Pod
from hearth.pod.connected import states
from hearth.pod.inbox import Inbox
from hearth.pod.runner import TurnRunner
from hearth.pod.talks import Conversations
from hearth.store.database import Database

FILE_BYTES = 2_000
CITATION = Citation(
    number=1, ref="event:12", kind="event", title="Dentist", source="family.ics", locator="line 7"
)


class Notebook:
    """A writer without a table of its own."""

    name = "notebook.add"

    def __init__(self) -> None:
        self.lines: list[str] = []

    def apply(self, session: Session, change: Mapping[str, Any], actor: str) -> dict[str, Any]:
        self.lines.append(change["line"])
        return {"line": change["line"]}

    def revert(self, session: Session, undo: Mapping[str, Any]) -> None:
        self.lines.remove(undo["line"])


class ScriptedAgent:
    """Answers by the first word of the question."""

    def __init__(self) -> None:
        self.gate = threading.Event()
        self.asked: list[str] = []

    async def run(self, turn: Turn, caller: Caller) -> AsyncIterator[Draft]:
        self.asked.append(turn.text)
        word = turn.text.split()[0]
        if word == "wait":
            while not self.gate.is_set():  # noqa: ASYNC110 - set from another thread
                await asyncio.sleep(0.01)
        if word == "fail":
            raise Unavailable("the model is away")
        proposals: tuple[Proposal, ...] = ()
        if word == "note":
            change = {"line": turn.text}
            proposals = (
                Proposal(
                    id=secrets.token_hex(16),
                    writer=Notebook.name,
                    sentence=f"Write down: {turn.text}",
                    change=change,
                ),
            )
        answer = f"{caller.member.name} said {turn.text} [1]."
        facts = (Fact(text=answer, citation=CITATION),)
        result = ToolResult(answer=answer, facts=facts, proposals=proposals, verbatim=True)
        yield Evidence(ToolCall(tool="echo"), result)


class NoEmbedder:
    """There is no model in these tests; documents are found by their words."""

    async def embed(self, texts: Sequence[str]) -> list[list[float]]:
        raise Unavailable("no embeddings here")


@dataclass
class PodParts:
    """A pod under test, with what a test may look into."""

    name: str
    path: Path
    folder: Path
    agent: ScriptedAgent = field(default_factory=ScriptedAgent)
    notebook: Notebook = field(default_factory=Notebook)
    engine: EngineState | None = None
    forgot: int = 0  # how often the model server was told to forget

    async def forget(self) -> None:
        self.forgot += 1


def _source(key: str) -> SourceView:
    line = SourceLine(number=7, text="SUMMARY:Dentist", cited=True)
    return SourceView(
        ref=f"event:{key}",
        kind="event",
        title="Dentist",
        source="family.ics",
        locator="line 7",
        lines=(line,),
    )


def scripted_pod(parts: PodParts, database: Database, key: bytes) -> Pod:
    def clock() -> datetime:
        return datetime.now(UTC)

    runner = TurnRunner(database, parts.agent, places="notes", clock=clock)
    return Pod(
        name=parts.name,
        grant_key=key,
        runner=runner,
        conversations=Conversations(database, runner),
        actions=Actions(database, [parts.notebook], clock),
        inbox=Inbox(
            database,
            {},
            [],
            NoEmbedder(),
            VectorIndex(database, parts.folder / "index", "none"),
            uploads=parts.folder / "uploads",
            file_bytes=FILE_BYTES,
            clock=clock,
            forgotten=parts.forget,
        ),
        openers={"event": _source},
        status=lambda: PodStatus(
            pod=parts.name,
            kind="family",
            title=parts.name,
            tools=("echo",),
            documents=0,
            events=0,
            transactions=0,
            notes=0,
            engine=parts.engine,
            connectors=states({"school": parts.folder / "inbox" / "school"}),
        ),
        upload_bytes=FILE_BYTES,
        forgotten=parts.forget,
    )
