"""What a tool is to the turn: a declaration, and what comes back from running it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime

from pydantic import BaseModel

from hearth.core.people import Caller, Frozen, Right
from hearth.core.turns import Citation, Proposal


class Fact(Frozen):
    """One line of evidence for the model, with the source it came from.

    `text` is shown to the model as quoted data. Only figures that appear in some fact, in the
    result's summary or in the member's own words may appear in an answer. A computed line
    (a sum, a count) has no citation of its own; the rows it was computed from follow it.
    """

    text: str
    citation: Citation | None = None


class ToolResult(Frozen):
    """What a tool found or proposes.

    `answer` is the tool's own complete answer in plain words, numbers and dates included; it is
    what the member sees where the model's wording fails the check. `found` is false when there is
    nothing to answer from. `verbatim` asks for `answer` as it stands (proposals, exact lists).
    `sure` says that `answer` answers the question, whatever the model makes of the facts.
    """

    answer: str
    facts: tuple[Fact, ...] = ()
    proposals: tuple[Proposal, ...] = ()
    found: bool = True
    verbatim: bool = False
    sure: bool = False
    summary: str = ""  # a few words for the progress line, e.g. "3 events"


@dataclass(frozen=True)
class ToolContext:
    """What a tool may know of the turn: who asks, when, and in which words."""

    caller: Caller
    now: datetime  # aware, in the household's zone
    request: str  # the member's own words of this turn
    recent: tuple[str, ...] = ()  # the member's earlier words, newest last


@dataclass(frozen=True)
class Tool:
    """A tool as it declares itself to the turn.

    `arguments` is a pydantic model of strings and small enums: the model copies the member's
    words into it ("last month", "Saturday afternoon") and `run` computes from them.
    `examples` are phrases that should lead here; their embeddings are the second routing signal.
    The one tool with `last_resort` is asked as well where another reading tool found nothing.
    """

    name: str
    description: str
    arguments: type[BaseModel]
    examples: tuple[str, ...]
    right: Right
    run: Callable[[ToolContext, BaseModel], Awaitable[ToolResult]]
    last_resort: bool = False
