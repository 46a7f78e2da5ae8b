"""A member's own keys: API tokens and signed-in browsers. Blocks: call it from a thread."""

from __future__ import annotations

from collections.abc import Callable, Collection
from datetime import datetime, timedelta
from uuid import uuid4

from hearth.config import Settings
from hearth.core.errors import BadInput, NotFound
from hearth.core.people import Right
from hearth.hub.secrets import TOKEN_PREFIX, digest, new_secret
from hearth.hub.shapes import SessionInfo, TokenInfo
from hearth.hub.visitors import Visitor
from hearth.store.hub.people import People
from hearth.store.hub.sessions import SessionRecord
from hearth.store.hub.tokens import TokenRecord


class Keys:
    """What opens the door to a member, besides the password."""

    def __init__(self, settings: Settings, people: People, clock: Callable[[], datetime]) -> None:
        self._settings = settings
        self._people = people
        self._clock = clock

    def tokens(self, visitor: Visitor) -> list[TokenInfo]:
        """The visitor's tokens, the newest first."""
        return [_token(record) for record in self._people.tokens.of(visitor.member.id)]

    def new_token(
        self,
        visitor: Visitor,
        name: str,
        pods: Collection[str],
        rights: Collection[Right],
        lifetime: timedelta | None,
    ) -> tuple[TokenInfo, str]:
        """A new token within the visitor's own rights, and its secret."""
        self._require_scope(visitor, pods, rights)
        now = self._clock()
        record = TokenRecord(
            id=uuid4().hex,
            member=visitor.member.id,
            name=name,
            pods=frozenset(pods),
            rights=frozenset(rights),
            created=now,
            expires=None if lifetime is None else now + lifetime,
        )
        secret = TOKEN_PREFIX + new_secret()
        self._people.tokens.add(digest(secret), record)
        return _token(record), secret

    def revoke_token(self, visitor: Visitor, token: str) -> None:
        """Delete one of the visitor's tokens."""
        if not self._people.tokens.revoke(token, visitor.member.id):
            raise NotFound("you have no such token", remedy="The list of tokens shows their ids.")

    def sessions(self, visitor: Visitor) -> list[SessionInfo]:
        """The visitor's sessions that have not ended, the newest first."""
        now = self._clock()
        records = self._people.sessions.of(visitor.member.id)
        return [_session(record, visitor.key) for record in records if record.expires > now]

    def revoke_session(self, visitor: Visitor, session: str) -> None:
        """End one of the visitor's sessions."""
        if not self._people.sessions.end(session, visitor.member.id):
            raise NotFound(
                "you have no such session", remedy="The list of sessions shows their ids."
            )

    def _require_scope(
        self, visitor: Visitor, pods: Collection[str], rights: Collection[Right]
    ) -> None:
        if not pods or not rights:
            raise BadInput("a token needs at least one pod and one right")
        for pod in pods:
            if not visitor.rights(pod):
                raise BadInput(
                    f"there is no pod {pod!r} for you",
                    where="pods",
                    remedy="The list of pods names yours.",
                )


def _token(record: TokenRecord) -> TokenInfo:
    return TokenInfo(
        id=record.id,
        name=record.name,
        pods=record.pods,
        rights=record.rights,
        created=record.created,
        expires=record.expires,
        used=record.used,
    )


def _session(record: SessionRecord, current: str) -> SessionInfo:
    # The digest names a session in the list: 256 random bits do not follow from their hash.
    return SessionInfo(
        id=record.digest,
        created=record.created,
        expires=record.expires,
        agent=record.agent,
        current=record.digest == current,
    )
