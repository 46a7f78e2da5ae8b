"""The shapes that travel between channel, hub and pod, besides a turn's events."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import Field

from hearth.core.people import Frozen
from hearth.core.turns import Message, Proposal

MESSAGE_BYTES = 32_768  # of UTF-8; a longer text is a document and belongs in the library


class TurnRequest(Frozen):
    """A member's message. `id` makes a repeated send the same message (32 hex digits)."""

    id: str = Field(pattern=r"^[0-9a-f]{32}$")
    conversation: str | None = Field(default=None, pattern=r"^[0-9a-f]{32}$")
    text: str = Field(min_length=1)


class TurnAccepted(Frozen):
    """The message is on disk; its turn has this id."""

    turn: str
    conversation: str


class TurnState(Frozen):
    """Where a turn stands, and its message once it has ended."""

    turn: str
    conversation: str
    state: Literal["accepted", "running", "done", "failed"]
    message: Message | None = None


class ConversationSummary(Frozen):
    """A conversation in a list."""

    id: str
    title: str
    updated: datetime


class Conversation(Frozen):
    """A conversation with all its messages, oldest first."""

    id: str
    title: str
    messages: tuple[Message, ...]
    running: str | None = None  # the turn that is still being answered


class Action(Frozen):
    """A proposal and what became of it."""

    proposal: Proposal
    member: str  # the name of who asked
    at: datetime
    decided_by: str | None = None
    decided_at: datetime | None = None
    undoable: bool = False


class SourceLine(Frozen):
    """A line of an opened source."""

    number: int
    text: str
    cited: bool = False


class SourceView(Frozen):
    """A source opened at the cited place."""

    ref: str
    kind: str
    title: str
    source: str
    locator: str
    lines: tuple[SourceLine, ...]


class DocumentInfo(Frozen):
    """A document of the pod, or a file that could not become one."""

    id: int
    source: str
    path: str
    title: str
    kind: str
    bytes: int
    state: Literal["indexed", "failed"]
    detail: str = ""  # what it holds ("212 transactions"), or why it failed


class FileFailure(Frozen):
    """A file that was left out, and why."""

    path: str
    message: str
    remedy: str | None = None


class SyncReport(Frozen):
    """What a sync of a pod's sources saw and did."""

    seen: int = 0
    added: int = 0
    changed: int = 0
    removed: int = 0
    failed: tuple[FileFailure, ...] = ()


class ConnectorState(Frozen):
    """What a connector's last look elsewhere saw and did."""

    name: str
    kind: str
    at: datetime
    fetched: datetime | None = None  # last look at which the copy was found to be current
    seen: int = 0
    added: int = 0
    changed: int = 0
    removed: int = 0
    failed: tuple[FileFailure, ...] = ()


class EngineState(Frozen):
    """Which engine answers a pod's questions now."""

    engine: str
    stands_in_for: str | None = None  # the engine that the pod would rather ask
    since: datetime | None = None  # when that went away


class PodStatus(Frozen):
    """A pod's own account of itself."""

    pod: str
    kind: str
    title: str
    tools: tuple[str, ...]
    documents: int
    events: int
    transactions: int
    notes: int
    failed: tuple[FileFailure, ...] = ()
    connectors: tuple[ConnectorState, ...] = ()
    syncing: bool = False
    engine: EngineState | None = None  # of a pod whose engine has a fallback
