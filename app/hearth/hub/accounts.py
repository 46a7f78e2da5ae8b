"""Members' accounts: signing in and out, passwords, one-time links, grants."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable
from datetime import datetime, timedelta

from anyio import to_thread

from hearth.config import Settings
from hearth.core.errors import BadInput, NotAllowed, NotSignedIn
from hearth.core.people import Role
from hearth.hub import metrics, passwords
from hearth.hub.rate_limits import RateLimits
from hearth.hub.secrets import digest, new_secret
from hearth.hub.shapes import LOGIN, PASSWORD_CHARACTERS, MemberInfo, SignInLink
from hearth.hub.visitors import Visitor
from hearth.store.hub.members import Grants, MemberRecord
from hearth.store.hub.people import People
from hearth.store.hub.sessions import SessionRecord

_log = logging.getLogger(__name__)
_NOT_IN_A_LOGIN = re.compile(r"[^a-z0-9._-]")


class Accounts:
    """The household's accounts. Methods that are not async block: call them from a thread."""

    def __init__(
        self,
        settings: Settings,
        people: People,
        limits: RateLimits,
        clock: Callable[[], datetime],
    ) -> None:
        self._settings = settings
        self._people = people
        self._limits = limits
        self._clock = clock

    async def sign_in(self, login: str, password: str, address: str, agent: str) -> str:
        """A new session's cookie value; the same refusal for a wrong name and a wrong password."""
        login = login.strip().lower()
        self._limits.sign_in(login, address)
        record = await to_thread.run_sync(self._people.members.find, login)
        stored = record.password if record else None
        if not await passwords.matches(stored, password) or record is None or record.disabled:
            # One line, and nothing in it that the visitor could shape: fail2ban reads it.
            metrics.SIGN_IN_FAILURES.inc()
            _log.warning(
                "sign-in failed login=%s address=%s",
                _NOT_IN_A_LOGIN.sub("?", login)[:40] or "?",
                address,
            )
            raise NotSignedIn(
                "the name or the password is not right",
                remedy="Check both, or ask an owner for a sign-in link.",
            )
        if stored is not None and passwords.outdated(stored):
            renewed = await passwords.hashed(password)
            await to_thread.run_sync(self._people.members.set_password, record.member.id, renewed)
        return await to_thread.run_sync(self._new_session, record.member.id, agent)

    def redeem_link(self, secret: str, agent: str) -> str:
        """A new session's cookie value for a link's secret, which is used up by this."""
        link = self._people.links.take(digest(secret))
        remedy = "Ask an owner for a new one, or run `hearth up` on the box again."
        if link is None:
            raise NotSignedIn(
                "this sign-in link has been used already, or never was one", remedy=remedy
            )
        if link.expires <= self._clock():
            raise NotSignedIn("this sign-in link has expired", remedy=remedy)
        if self._people.members.get(link.member).disabled:
            raise NotSignedIn("this account is disabled", remedy="Ask an owner of the house.")
        return self._new_session(link.member, agent)

    def sign_out(self, cookie: str) -> None:
        """End the session of this cookie, if there is one."""
        self._people.sessions.end(digest(cookie))

    def new_link(self, member: str, lifetime: timedelta) -> SignInLink:
        """A link that signs a member in, once."""
        self._people.members.get(member)
        secret = new_secret()
        expires = self._clock() + lifetime
        self._people.links.add(digest(secret), member, expires)
        hub = self._settings.hub
        base = (hub.public_url or f"http://{hub.listen}").rstrip("/")
        return SignInLink(url=f"{base}/sign-in/{secret}", expires=expires)

    async def set_password(self, visitor: Visitor, current: str | None, new: str) -> None:
        """Replace a member's own password; their other sessions end."""
        _require_length(new)
        record = await to_thread.run_sync(self._people.members.get, visitor.member.id)
        if record.password is not None and visitor.via != "console":
            self._limits.sign_in(record.login, "password change")
            if not await passwords.matches(record.password, current or ""):
                raise NotAllowed(
                    "the current password is not right",
                    remedy="Ask an owner for a sign-in link if it is lost.",
                )
        stored = await passwords.hashed(new)
        await to_thread.run_sync(self._people.members.set_password, record.member.id, stored)
        await to_thread.run_sync(self._people.sessions.end_others, record.member.id, visitor.key)

    def members(self) -> list[MemberInfo]:
        """Everyone in the house, the oldest account first."""
        return [_info(record) for record in self._people.members.all()]

    async def add_member(
        self, login: str, name: str, role: Role, grants: Grants, password: str | None
    ) -> MemberInfo:
        """A new member, with a password or without one."""
        login = login.strip().lower()
        if not re.fullmatch(LOGIN, login):
            raise BadInput(
                f"{login!r} cannot be a name to sign in with",
                where="login",
                remedy="Use up to 40 letters a to z, digits, dots, dashes or underscores.",
            )
        self._require_pods(grants)
        if password is not None:
            _require_length(password)
        stored = await passwords.hashed(password) if password is not None else None

        def add() -> MemberRecord:
            return self._people.members.add(
                login=login,
                name=name.strip(),
                role=role,
                grants=grants,
                password=stored,
                created=self._clock(),
            )

        return _info(await to_thread.run_sync(add))

    def set_grants(self, member: str, grants: Grants) -> MemberInfo:
        """Replace all of a member's grants."""
        self._require_pods(grants)
        return _info(self._people.members.set_grants(member, grants))

    def set_disabled(self, member: str, disabled: bool) -> MemberInfo:
        """Close or reopen the door to a member."""
        members = self._people.members
        return _info(members.disable(member, self._clock()) if disabled else members.enable(member))

    def _new_session(self, member: str, agent: str) -> str:
        cookie = new_secret()
        now = self._clock()
        expires = now + timedelta(days=self._settings.hub.session_days)
        self._people.sessions.add(SessionRecord(digest(cookie), member, now, expires, agent))
        return cookie

    def _require_pods(self, grants: Grants) -> None:
        for pod in grants:
            if pod not in self._settings.pods:
                raise BadInput(
                    f"there is no pod {pod!r}",
                    where=f"grants.{pod}",
                    remedy=f"The pods are: {', '.join(sorted(self._settings.pods))}.",
                )


def _require_length(password: str) -> None:
    if len(password) < PASSWORD_CHARACTERS:
        raise BadInput(
            "this password is too short",
            where="password",
            remedy=f"Use at least {PASSWORD_CHARACTERS} characters.",
        )


def _info(record: MemberRecord) -> MemberInfo:
    return MemberInfo(
        member=record.member,
        login=record.login,
        grants=dict(record.grants),
        created=record.created,
        disabled=record.disabled is not None,
        has_password=record.password is not None,
    )
