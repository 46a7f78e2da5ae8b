"""What a tool folder offers the house: tools, writers, importers and openers, declared alike."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from sqlalchemy.orm import Session

from hearth.core.api import SourceView
from hearth.core.ports import Retriever
from hearth.core.tools import Tool
from hearth.store.database import Database


@dataclass(frozen=True)
class Household:
    """What tools know of the household."""

    zone: str  # IANA name
    currency: str  # ISO 4217


@dataclass(frozen=True)
class ToolDependencies:
    """What a tool folder is built from."""

    database: Database
    household: Household
    retriever: Retriever
    clock: Callable[[], datetime]  # aware, in the household's zone


class Writer(Protocol):
    """Applies one kind of confirmed change, and takes it back."""

    name: str  # "calendar.add"; the `writer` of a Proposal

    def apply(self, session: Session, change: Mapping[str, Any], actor: str) -> dict[str, Any]:
        """Make the change inside the caller's transaction; return what `revert` needs.

        `actor` is the name of the member who confirmed. Raises BadInput or Conflict, having
        changed nothing.
        """

    def revert(self, session: Session, undo: Mapping[str, Any]) -> None:
        """Take the change back inside the caller's transaction; Conflict if it moved on since."""


class Importer(Protocol):
    """Reads one kind of file into a tool's own tables."""

    kind: str  # the document's kind: "calendar", "ledger"
    suffixes: frozenset[str]  # lower case, with the dot

    def read(self, data: bytes, name: str) -> Any:
        """Parse the whole file, touching nothing; BadInput names the line and the remedy."""

    def store(self, session: Session, document: int, parsed: Any) -> str:
        """Write what `read` returned as rows that belong to `document`.

        Returns what it holds in words, e.g. "212 payments". Rows of an earlier version of the
        document are gone by then (the importer need not look).
        """

    def text(self, data: bytes, parsed: Any) -> str:
        """The file as text for opening it at a cited line: decoded, newlines as they are."""


@dataclass(frozen=True)
class ToolFolder:
    """Everything that one folder under `tools/` brings."""

    tools: tuple[Tool, ...] = ()
    writers: tuple[Writer, ...] = ()
    importers: tuple[Importer, ...] = ()
    # Opens a citation: `openers["event"]("12")` for the ref `event:12`; NotFound when it is gone.
    openers: Mapping[str, Callable[[str], SourceView]] = field(default_factory=dict)
