"""API tokens; only hashes of their secrets are kept."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import CursorResult, delete, select, update

from hearth.core.people import Right
from hearth.store.database import Database
from hearth.store.hub.members import known_rights
from hearth.store.hub.tables import TokenRow


@dataclass(frozen=True)
class TokenRecord:
    """A token's scope and its life."""

    id: str
    member: str
    name: str
    pods: frozenset[str]
    rights: frozenset[Right]
    created: datetime
    expires: datetime | None
    used: datetime | None = None


class Tokens:
    """The API tokens. Blocks: call it from a worker thread."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, digest: str, record: TokenRecord) -> None:
        """Remember a new token by the hash of its secret."""
        row = TokenRow(
            id=record.id,
            digest=digest,
            member=record.member,
            name=record.name,
            pods=sorted(record.pods),
            rights=sorted(record.rights),
            created=record.created,
            expires=record.expires,
        )
        with self._database.write() as session:
            session.add(row)

    def find(self, digest: str) -> TokenRecord | None:
        """The token with this hash, expired or not."""
        with self._database.read() as session:
            row = session.scalar(select(TokenRow).where(TokenRow.digest == digest))
            return _record(row) if row else None

    def of(self, member: str) -> list[TokenRecord]:
        """A member's tokens, the newest first."""
        query = select(TokenRow).where(TokenRow.member == member)
        with self._database.read() as session:
            return [
                _record(row) for row in session.scalars(query.order_by(TokenRow.created.desc()))
            ]

    def touch(self, token: str, at: datetime) -> None:
        """Note that a token was used."""
        with self._database.write() as session:
            session.execute(update(TokenRow).where(TokenRow.id == token).values(used=at))

    def revoke(self, token: str, member: str) -> bool:
        """Delete one of the member's tokens; whether there was one."""
        query = delete(TokenRow).where(TokenRow.id == token, TokenRow.member == member)
        with self._database.write() as session:
            result = session.execute(query)
            return isinstance(result, CursorResult) and result.rowcount > 0


def _record(row: TokenRow) -> TokenRecord:
    return TokenRecord(
        id=row.id,
        member=row.member,
        name=row.name,
        pods=frozenset(row.pods),
        rights=known_rights(row.rights),
        created=row.created,
        expires=row.expires,
        used=row.used,
    )
