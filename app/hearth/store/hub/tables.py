"""The hub's tables: people, what opens the door to them, and what they may do."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, MetaData, String
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from hearth.store.pod.tables import NAMES
from hearth.store.types import Instant


class Base(DeclarativeBase):
    """The hub's schema."""

    metadata = MetaData(naming_convention=NAMES)
    type_annotation_map = {datetime: Instant, list[str]: JSON, dict[str, Any]: JSON}


class MemberRow(Base):
    """A person of the household."""

    __tablename__ = "members"
    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    name: Mapped[str] = mapped_column(String(80))
    login: Mapped[str] = mapped_column(String(40), unique=True)  # lower case
    role: Mapped[str] = mapped_column(String(10))
    password: Mapped[str | None] = mapped_column(String(255))  # argon2id; none until one is set
    created: Mapped[datetime]
    disabled: Mapped[datetime | None]


class GrantRow(Base):
    """What a member may do in a pod."""

    __tablename__ = "grants"
    member: Mapped[str] = mapped_column(
        ForeignKey("members.id", ondelete="CASCADE"), primary_key=True
    )
    pod: Mapped[str] = mapped_column(String(32), primary_key=True)
    rights: Mapped[list[str]]  # core.people.Right


class SessionRow(Base):
    """A signed-in browser. Only the hash of its cookie is kept."""

    __tablename__ = "sessions"
    digest: Mapped[str] = mapped_column(String(64), primary_key=True)  # sha256 of the cookie, hex
    member: Mapped[str] = mapped_column(ForeignKey("members.id", ondelete="CASCADE"), index=True)
    created: Mapped[datetime]
    expires: Mapped[datetime]
    agent: Mapped[str] = mapped_column(String(200), default="")


class TokenRow(Base):
    """An API token, scoped to pods and rights. Only its hash is kept."""

    __tablename__ = "tokens"
    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    digest: Mapped[str] = mapped_column(String(64), unique=True)  # sha256 of the token, hex
    member: Mapped[str] = mapped_column(ForeignKey("members.id", ondelete="CASCADE"), index=True)
    name: Mapped[str] = mapped_column(String(80))
    pods: Mapped[list[str]]
    rights: Mapped[list[str]]  # core.people.Right
    created: Mapped[datetime]
    expires: Mapped[datetime | None]
    used: Mapped[datetime | None]


class SignInLinkRow(Base):
    """A one-time link. Only its hash is kept; using it deletes it."""

    __tablename__ = "sign_in_links"
    digest: Mapped[str] = mapped_column(String(64), primary_key=True)  # sha256, hex
    member: Mapped[str] = mapped_column(ForeignKey("members.id", ondelete="CASCADE"))
    expires: Mapped[datetime]
