"""Turns a cookie, a token or a console login into a visitor. Blocks: call it from a thread."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Collection
from datetime import datetime, timedelta

from hearth.core.errors import NotFound, NotSignedIn, StorageFull, Unavailable
from hearth.core.people import ALL_RIGHTS, Role
from hearth.hub.secrets import digest
from hearth.hub.visitors import Via, Visitor, narrowed
from hearth.store.hub.members import Grants, MemberRecord
from hearth.store.hub.people import People
from hearth.store.hub.tokens import TokenRecord

_TOUCHED_EVERY = timedelta(minutes=10)  # "last used" is for people; a write a request is not


class Authenticator:
    """Looks the visitor up at each request, so that a withdrawn right is gone at once."""

    def __init__(
        self, people: People, pods: Collection[str], clock: Callable[[], datetime]
    ) -> None:
        self._people = people
        self._pods = pods
        self._clock = clock

    def by_session(self, cookie: str) -> Visitor:
        """The member whose browser holds this cookie."""
        session = self._people.sessions.find(digest(cookie))
        if session is None:
            raise NotSignedIn("you are not signed in", remedy="Sign in, or open a sign-in link.")
        if session.expires <= self._clock():
            raise NotSignedIn(
                f"this sign-in ended on {_day(session.expires)}", remedy="Sign in again."
            )
        record = self._people.members.get(session.member)
        return self._visitor(record, "session", self.granted(record), session.digest)

    def by_token(self, secret: str) -> Visitor:
        """The member whose token this is, narrowed to the token's scope."""
        token = self._people.tokens.find(digest(secret))
        if token is None:
            raise NotSignedIn(
                "this token is not known; it may have been revoked",
                remedy="Make a new one under House › Tokens.",
            )
        now = self._clock()
        if token.expires is not None and token.expires <= now:
            raise NotSignedIn(
                f"this token has expired on {_day(token.expires)}",
                remedy="Make a new one under House › Tokens.",
            )
        record = self._people.members.get(token.member)
        grants = narrowed(self.granted(record), token.pods, token.rights)
        visitor = self._visitor(record, "token", grants, token.id)
        self._touch(token, now)
        return visitor

    def at_console(self, login: str | None) -> Visitor:
        """The named member, or the owner; the console socket's permission is the proof."""
        members = self._people.members
        record = members.find(login) if login else members.owner()
        if record is None and login:
            raise NotFound(f"there is no member {login!r}", where="X-Hearth-Member")
        if record is None:
            raise NotSignedIn("the house has no members yet", remedy="`hearth up` makes the owner.")
        return self._visitor(record, "console", self.granted(record), "")

    def by_code(self, member: str) -> Visitor:
        """The member whose one-time code was used up just now."""
        record = self._people.members.get(member)
        return self._visitor(record, "session", self.granted(record), "")

    def granted(self, record: MemberRecord) -> Grants:
        """A member's rights in the pods that exist; an owner has all of them."""
        if record.member.role is Role.OWNER:
            return dict.fromkeys(self._pods, ALL_RIGHTS)
        return {pod: rights for pod, rights in record.grants.items() if pod in self._pods}

    def _visitor(self, record: MemberRecord, via: Via, grants: Grants, key: str) -> Visitor:
        if record.disabled is not None:
            raise NotSignedIn("this account is disabled", remedy="Ask an owner of the house.")
        return Visitor(record.member, via, grants, record.login, key)

    def _touch(self, token: TokenRecord, now: datetime) -> None:
        if token.used is not None and now - token.used < _TOUCHED_EVERY:
            return
        # A full disk must not shut out those who come to make room.
        with contextlib.suppress(StorageFull, Unavailable):
            self._people.tokens.touch(token.id, now)


def _day(instant: datetime) -> str:
    return f"{instant:%Y-%m-%d at %H:%M} UTC"
