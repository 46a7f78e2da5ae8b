"""Signed-in browsers and one-time sign-in links; only hashes of their secrets are kept."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import CursorResult, delete, select

from hearth.store.database import Database
from hearth.store.hub.tables import SessionRow, SignInLinkRow

_REMEMBERED = timedelta(days=30)  # so long an expired one can still be told from an unknown one


@dataclass(frozen=True)
class SessionRecord:
    """A signed-in browser."""

    digest: str  # sha256 of the cookie, hex
    member: str
    created: datetime
    expires: datetime
    agent: str


@dataclass(frozen=True)
class LinkRecord:
    """A one-time link that was taken, and is now gone."""

    member: str
    expires: datetime


class Sessions:
    """The signed-in browsers. Blocks: call it from a worker thread."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, record: SessionRecord) -> None:
        """Remember a new sign-in, and forget those long expired."""
        with self._database.write() as session:
            stale = SessionRow.expires < record.created - _REMEMBERED
            session.execute(delete(SessionRow).where(stale))
            session.add(
                SessionRow(
                    digest=record.digest,
                    member=record.member,
                    created=record.created,
                    expires=record.expires,
                    agent=record.agent[:200],
                )
            )

    def find(self, digest: str) -> SessionRecord | None:
        """The sign-in with this hash, expired or not."""
        with self._database.read() as session:
            row = session.get(SessionRow, digest)
            return _record(row) if row else None

    def of(self, member: str) -> list[SessionRecord]:
        """A member's sign-ins, the newest first."""
        query = select(SessionRow).where(SessionRow.member == member)
        with self._database.read() as session:
            rows = session.scalars(query.order_by(SessionRow.created.desc()))
            return [_record(row) for row in rows]

    def end(self, digest: str, member: str | None = None) -> bool:
        """End one sign-in (of this member alone, when named); whether there was one."""
        query = delete(SessionRow).where(SessionRow.digest == digest)
        if member is not None:
            query = query.where(SessionRow.member == member)
        with self._database.write() as session:
            result = session.execute(query)
            return isinstance(result, CursorResult) and result.rowcount > 0

    def end_others(self, member: str, keep: str) -> None:
        """End all of a member's sign-ins but the one with the hash `keep`."""
        query = delete(SessionRow).where(SessionRow.member == member, SessionRow.digest != keep)
        with self._database.write() as session:
            session.execute(query)


class SignInLinks:
    """One-time sign-in links. Blocks: call it from a worker thread."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, digest: str, member: str, expires: datetime) -> None:
        """Remember a new link, and forget those long expired."""
        with self._database.write() as session:
            stale = SignInLinkRow.expires < expires - _REMEMBERED
            session.execute(delete(SignInLinkRow).where(stale))
            session.add(SignInLinkRow(digest=digest, member=member, expires=expires))

    def take(self, digest: str) -> LinkRecord | None:
        """Use a link up: whoever takes it first has it, and it is gone."""
        with self._database.write() as session:
            row = session.get(SignInLinkRow, digest)
            if row is None:
                return None
            session.delete(row)
            return LinkRecord(row.member, row.expires)


def _record(row: SessionRow) -> SessionRecord:
    return SessionRecord(row.digest, row.member, row.created, row.expires, row.agent)
