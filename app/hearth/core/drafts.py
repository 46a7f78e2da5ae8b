"""What the agent drafts before the guard has released it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Protocol

from hearth.core.people import Caller, Frozen
from hearth.core.tools import ToolResult
from hearth.core.turns import ToolCall, Turn


class Verdict(Frozen):
    """The guard's word on something, with a code for machines and a reason for people."""

    allowed: bool
    code: str = "ok"
    reason: str = ""


@dataclass(frozen=True)
class Evidence:
    """A tool has run: all that the words after it may state."""

    call: ToolCall
    result: ToolResult


@dataclass(frozen=True)
class Words:
    """Unchecked words of an answer, in pieces of any size."""

    text: str


Draft = Evidence | Words


class Agent(Protocol):
    """Turns a question into evidence and words."""

    def run(self, turn: Turn, caller: Caller) -> AsyncIterator[Draft]:
        """Evidence first, then words about it; no words means that the tool's own answer stands."""
