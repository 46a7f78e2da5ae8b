"""A pod's tables: conversations, documents, calendar, ledger, actions."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    ForeignKey,
    Index,
    LargeBinary,
    MetaData,
    String,
    Text,
    UniqueConstraint,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship

from hearth.store.types import Instant

# Named constraints, so that a migration can speak of each.
NAMES = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}


class Base(DeclarativeBase):
    """The pod's schema."""

    metadata = MetaData(naming_convention=NAMES)
    type_annotation_map = {datetime: Instant, dict[str, Any]: JSON, list[Any]: JSON}


class ConversationRow(Base):
    """A member's conversation; nobody else sees it."""

    __tablename__ = "conversations"
    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    member: Mapped[str] = mapped_column(String(32), index=True)
    title: Mapped[str] = mapped_column(String(120))
    created: Mapped[datetime]
    updated: Mapped[datetime]


class TurnRow(Base):
    """A question, on disk before it is acknowledged, and its way to an answer."""

    __tablename__ = "turns"
    __table_args__ = (UniqueConstraint("conversation", "ordinal"),)
    id: Mapped[str] = mapped_column(
        String(32), primary_key=True
    )  # the sender's, so a resend is found
    conversation: Mapped[str] = mapped_column(
        ForeignKey("conversations.id", ondelete="CASCADE"), index=True
    )
    ordinal: Mapped[int]
    caller: Mapped[dict[str, Any]]  # core.people.Caller, as the hub signed it
    text: Mapped[str] = mapped_column(Text)
    at: Mapped[datetime]
    state: Mapped[str] = mapped_column(String(10), index=True)  # accepted running done failed
    attempts: Mapped[int] = mapped_column(default=0)
    answer: Mapped[dict[str, Any] | None]  # core.turns.Message, once it has ended
    answered: Mapped[datetime | None]


class ActionRow(Base):
    """A proposed change, and what became of it."""

    __tablename__ = "actions"
    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    turn: Mapped[str | None] = mapped_column(String(32), index=True)
    member: Mapped[str] = mapped_column(String(32))
    member_name: Mapped[str] = mapped_column(String(80))
    writer: Mapped[str] = mapped_column(String(40))
    sentence: Mapped[str] = mapped_column(Text)
    change: Mapped[dict[str, Any]]
    undo: Mapped[dict[str, Any] | None]
    state: Mapped[str] = mapped_column(String(10), index=True)
    at: Mapped[datetime]
    decided_by: Mapped[str | None] = mapped_column(String(80))
    decided: Mapped[datetime | None]


class DocumentRow(Base):
    """A file or a note that the pod has read, or could not read."""

    __tablename__ = "documents"
    __table_args__ = (UniqueConstraint("source", "path"),)
    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    source: Mapped[str] = mapped_column(String(40))  # a source's name, "upload" or "note"
    path: Mapped[str] = mapped_column(Text)  # relative to the source
    title: Mapped[str] = mapped_column(Text)
    kind: Mapped[str] = mapped_column(String(12))  # text calendar ledger image note
    sha256: Mapped[str] = mapped_column(String(64))
    bytes: Mapped[int]
    modified: Mapped[float]  # the file's mtime, seconds; 0 for what is not a file
    state: Mapped[str] = mapped_column(String(10))  # indexed failed
    detail: Mapped[str] = mapped_column(Text, default="")
    remedy: Mapped[str | None] = mapped_column(Text)
    text: Mapped[str | None] = mapped_column(Text)  # what can be quoted; pages end with a form feed
    added: Mapped[datetime]
    chunks: Mapped[list[ChunkRow]] = relationship(passive_deletes=True)


class ChunkRow(Base):
    """A passage of a document; `chunks_fts` mirrors its text by triggers."""

    __tablename__ = "chunks"
    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    document: Mapped[int] = mapped_column(
        ForeignKey("documents.id", ondelete="CASCADE"), index=True
    )
    ordinal: Mapped[int]
    heading: Mapped[str] = mapped_column(Text, default="")
    text: Mapped[str] = mapped_column(Text)
    page: Mapped[int | None]  # from 1, where the format has pages
    first_line: Mapped[int]  # from 1, within the page where there is one
    last_line: Mapped[int]
    embedding: Mapped[bytes | None] = mapped_column(
        LargeBinary
    )  # float32, little-endian, unit length
    embedding_model: Mapped[str | None] = mapped_column(String(120), index=True)


class CalendarItemRow(Base):
    """One calendar object: all components of a UID, as iCalendar text."""

    __tablename__ = "calendar_items"
    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    document: Mapped[int | None] = mapped_column(
        ForeignKey("documents.id", ondelete="CASCADE"), index=True
    )
    calendar: Mapped[str] = mapped_column(String(120))
    uid: Mapped[str] = mapped_column(Text)
    summary: Mapped[str] = mapped_column(Text)
    location: Mapped[str] = mapped_column(Text, default="")
    ics: Mapped[str] = mapped_column(Text)  # a VCALENDAR with its VTIMEZONEs
    first_line: Mapped[int | None]  # of the file it came from
    starts: Mapped[datetime] = mapped_column(index=True)
    ends: Mapped[datetime | None] = mapped_column(index=True)  # none when it repeats without end
    added_by: Mapped[str | None] = mapped_column(String(80))


class AccountRow(Base):
    """A bank account."""

    __tablename__ = "accounts"
    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    name: Mapped[str] = mapped_column(String(120), unique=True)
    currency: Mapped[str] = mapped_column(String(3))


class TransactionRow(Base):
    """One booked payment. Money is counted in minor units (cents), never in floats."""

    __tablename__ = "transactions"
    __table_args__ = (Index("ix_transactions_category_booked", "category", "booked"),)
    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    account: Mapped[int] = mapped_column(ForeignKey("accounts.id", ondelete="CASCADE"), index=True)
    document: Mapped[int | None] = mapped_column(
        ForeignKey("documents.id", ondelete="CASCADE"), index=True
    )
    line: Mapped[int | None]  # of the file it came from, from 1
    booked: Mapped[date] = mapped_column(index=True)
    minor_units: Mapped[int]  # negative is money out
    currency: Mapped[str] = mapped_column(String(3))
    payee: Mapped[str] = mapped_column(Text)
    purpose: Mapped[str] = mapped_column(Text, default="")
    category: Mapped[str] = mapped_column(String(40))
    bank_id: Mapped[str | None] = mapped_column(Text)
