"""A conversation's parts: messages, citations, proposals, and the events of a turn."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any, Literal

from pydantic import Field, TypeAdapter

from hearth.core.people import Frozen


class Citation(Frozen):
    """One source behind an answer.

    `ref` opens it (`event:12`, `transaction:7`, `passage:3`); `locator` is the place inside
    `source` in words ("row 14", "page 1, lines 3-5"); `snippet` is the cited text itself.
    """

    number: int  # as printed in the answer, from 1
    ref: str
    kind: Literal["event", "transaction", "passage", "note"]
    title: str
    source: str  # the file's name, or "added by NAME"
    locator: str = ""
    snippet: str = ""


class ProposalState(StrEnum):
    """Where a proposed change stands."""

    PROPOSED = "proposed"
    CONFIRMED = "confirmed"
    REJECTED = "rejected"
    UNDONE = "undone"


class Proposal(Frozen):
    """A change that the pod would make if the member confirms it."""

    id: str
    writer: str  # which writer applies it, e.g. "calendar.add"
    sentence: str  # the change in plain words
    change: dict[str, Any]  # the exact change, for the writer
    state: ProposalState = ProposalState.PROPOSED


class ToolCall(Frozen):
    """A tool with its arguments, as the routing chose it."""

    tool: str
    arguments: dict[str, Any] = {}


class Message(Frozen):
    """One line of a conversation."""

    id: str
    role: Literal["member", "pod"]
    text: str
    at: datetime
    turn: str
    citations: tuple[Citation, ...] = ()
    proposals: tuple[Proposal, ...] = ()
    tools: tuple[ToolCall, ...] = ()
    failed: bool = False  # the pod's message says what went wrong


class Timings(Frozen):
    """Milliseconds of one turn by where they went; `overhead` is all but model and embedding."""

    total: float = 0.0
    model: float = 0.0
    embedding: float = 0.0
    first_token: float = 0.0
    overhead: float = 0.0


class StartEvent(Frozen):
    """A turn (re)starts: whatever an earlier attempt showed is void."""

    type: Literal["start"] = "start"
    attempt: int = 1


class TokenEvent(Frozen):
    """Checked words of the answer, a sentence at a time; concatenated they are the answer."""

    type: Literal["token"] = "token"
    text: str


class ToolEvent(Frozen):
    """A tool was chosen and has run."""

    type: Literal["tool"] = "tool"
    call: ToolCall
    summary: str = ""  # what came of it, in a few words


class CitationEvent(Frozen):
    """A source of the answer."""

    type: Literal["citation"] = "citation"
    citation: Citation


class ProposalEvent(Frozen):
    """A change that waits for the member's word."""

    type: Literal["proposal"] = "proposal"
    proposal: Proposal


class DoneEvent(Frozen):
    """The turn ended well; `message` is the whole answer."""

    type: Literal["done"] = "done"
    message: Message
    timings: Timings


class ErrorEvent(Frozen):
    """The turn ended without an answer."""

    type: Literal["error"] = "error"
    code: str
    message: str
    retryable: bool = False


TurnEvent = Annotated[
    StartEvent | TokenEvent | ToolEvent | CitationEvent | ProposalEvent | DoneEvent | ErrorEvent,
    Field(discriminator="type"),
]
TURN_EVENT: TypeAdapter[TurnEvent] = TypeAdapter(TurnEvent)


class Turn(Frozen):
    """One question on its way to an answer, fixed before any source is read."""

    id: str
    conversation: str
    text: str
    now: datetime  # aware, in the household's zone
    history: tuple[Message, ...] = ()
