"""The front door: who are you, which pod, and may you."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Collection, Mapping
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TypeVar

from anyio import to_thread

from hearth.config import Settings
from hearth.core.api import MESSAGE_BYTES, TurnAccepted, TurnRequest
from hearth.core.errors import NotAllowed, NotFound, TooLarge
from hearth.core.people import Caller, Right, Role
from hearth.core.turns import TurnEvent
from hearth.hub import relay
from hearth.hub.accounts import Accounts
from hearth.hub.authenticator import Authenticator
from hearth.hub.keys import Keys
from hearth.hub.rate_limits import RateLimits
from hearth.hub.shapes import (
    MemberInfo,
    PodCard,
    SessionInfo,
    SignInLink,
    TelegramCode,
    TelegramLink,
    TokenInfo,
)
from hearth.hub.telegram import TelegramLinks
from hearth.hub.visitors import Visitor
from hearth.ops import box
from hearth.ops.box import Box
from hearth.pod.client import PodClient, PodDoor
from hearth.store.hub.members import Grants
from hearth.store.hub.people import People

T = TypeVar("T")


def _utc_now() -> datetime:
    return datetime.now(UTC)


class Hub:
    """Everything that a channel asks of the hub. Raises core.errors in words for members."""

    def __init__(
        self,
        settings: Settings,
        people: People,
        clients: Mapping[str, PodClient],
        *,
        clock: Callable[[], datetime] = _utc_now,
    ) -> None:
        self.settings = settings
        self.people = people
        self._clients = clients
        self._authenticator = Authenticator(people, settings.pods.keys(), clock)
        self._limits = RateLimits(settings.hub)
        self._accounts = Accounts(settings, people, self._limits, clock)
        self._keys = Keys(settings, people, clock)
        self._telegram = TelegramLinks(
            settings,
            people,
            authenticator=self._authenticator,
            keys=self._keys,
            limits=self._limits,
            clock=clock,
        )

    # Who are you?

    async def visitor_by_session(self, cookie: str) -> Visitor:
        """The visitor whose browser holds this cookie; NotSignedIn."""
        return await to_thread.run_sync(self._authenticator.by_session, cookie)

    async def visitor_by_token(self, secret: str) -> Visitor:
        """The visitor who holds this token; NotSignedIn."""
        return await to_thread.run_sync(self._authenticator.by_token, secret)

    async def visitor_at_console(self, login: str | None) -> Visitor:
        """The member of this name, or the owner, at the box's own console."""
        return await to_thread.run_sync(self._authenticator.at_console, login)

    # Which pod?

    def pods(self, visitor: Visitor) -> list[PodCard]:
        """The pods in which the visitor has any right, as the settings order them."""
        return [
            PodCard(name=name, title=pod.title or name.capitalize(), kind=pod.kind)
            for name, pod in self.settings.pods.items()
            if visitor.rights(name)
        ]

    def door(self, visitor: Visitor, pod: str, right: Right) -> PodDoor:
        """The pod as the visitor may use it; NotFound, in the same words, if it is not theirs."""
        rights = visitor.rights(pod)
        if pod not in self._clients or not rights:
            raise NotFound(
                f"there is no pod {pod!r} for you", remedy="The list of pods names yours."
            )
        if right not in rights:
            raise NotAllowed(
                f"this needs the right to {right.value} in the pod {pod!r}",
                remedy="Ask an owner of the house for it, or use a token that has it.",
            )
        return self._clients[pod].door(Caller(member=visitor.member, pod=pod, rights=rights))

    def limit_turns(self, visitor: Visitor) -> None:
        """Count one question of the visitor; Busy when there were too many in a minute."""
        self._limits.turn(visitor.member.id)

    async def ask(self, visitor: Visitor, pod: str, request: TurnRequest) -> TurnAccepted:
        """Put a question to a pod: it is on disk when this returns, and its turn runs."""
        size = len(request.text.encode())
        if size > MESSAGE_BYTES:
            raise TooLarge(
                f"this message has {size:,} bytes; at most {MESSAGE_BYTES:,} fit in a question",
                remedy="Add it as a document, and ask about that.",
            )
        door = self.door(visitor, pod, Right.ASK)
        self.limit_turns(visitor)
        return await door.accept(request)

    def follow(
        self, visitor: Visitor, pod: str, turn: str, after: int = 0
    ) -> AsyncGenerator[tuple[int, TurnEvent]]:
        """A turn's numbered events until it ends, over a restart of the pod; close it after use."""
        return relay.follow(self.door(visitor, pod, Right.ASK), turn, after)

    # Signing in and out

    async def sign_in(self, login: str, password: str, address: str, agent: str) -> str:
        """A new session's cookie value; NotSignedIn, or Busy after too many attempts."""
        return await self._accounts.sign_in(login, password, address, agent)

    async def redeem_link(self, secret: str, agent: str = "") -> str:
        """A new session's cookie value for a one-time link's secret; NotSignedIn."""
        return await to_thread.run_sync(self._accounts.redeem_link, secret, agent)

    async def sign_out(self, cookie: str) -> None:
        """End the session of this cookie, if there is one."""
        await to_thread.run_sync(self._accounts.sign_out, cookie)

    async def new_sign_in_link(self, member_id: str, minutes: int = 15) -> SignInLink:
        """A link that signs a member in, once."""
        lifetime = timedelta(minutes=minutes)
        return await to_thread.run_sync(self._accounts.new_link, member_id, lifetime)

    async def set_password(self, visitor: Visitor, current: str | None, new: str) -> None:
        """Change the visitor's own password and end their other sessions."""
        visitor.require_person()
        await self._accounts.set_password(visitor, current, new)

    # The visitor's own keys

    async def tokens(self, visitor: Visitor) -> list[TokenInfo]:
        """The visitor's tokens, the newest first."""
        visitor.require_person()
        return await to_thread.run_sync(self._keys.tokens, visitor)

    async def new_token(
        self,
        visitor: Visitor,
        name: str,
        pods: Collection[str],
        rights: Collection[Right],
        days: int | None,
    ) -> tuple[TokenInfo, str]:
        """A new token and its secret, which nobody can show again."""
        visitor.require_person()
        lifetime = None if days is None else timedelta(days=days)
        make = partial(self._keys.new_token, visitor, name, pods, rights, lifetime)
        return await to_thread.run_sync(make)

    async def revoke_token(self, visitor: Visitor, token: str) -> None:
        """Delete one of the visitor's tokens; NotFound."""
        visitor.require_person()
        await to_thread.run_sync(self._keys.revoke_token, visitor, token)

    async def sessions(self, visitor: Visitor) -> list[SessionInfo]:
        """The visitor's signed-in browsers, the newest first."""
        visitor.require_person()
        return await to_thread.run_sync(self._keys.sessions, visitor)

    async def revoke_session(self, visitor: Visitor, session: str) -> None:
        """End one of the visitor's sessions; NotFound."""
        visitor.require_person()
        await to_thread.run_sync(self._keys.revoke_session, visitor, session)

    # Other ways in

    async def new_telegram_code(self, visitor: Visitor, pod: str) -> TelegramCode:
        """A one-time code for the pod's Telegram bot; NotFound where it has none."""
        self.door(visitor, pod, Right.ASK)
        visitor.require_person()
        return await to_thread.run_sync(self._telegram.new_code, visitor, pod)

    async def redeem_telegram_code(self, pod: str, code: str) -> TelegramLink:
        """What a code links to, for the pod's own Telegram program; NotSignedIn, or Busy."""
        return await to_thread.run_sync(self._telegram.redeem, pod, code)

    # The machine

    async def box(self, visitor: Visitor) -> Box:
        """How the house is: what is wrong and what to do, for an adult."""
        visitor.require_adult()
        found = await to_thread.run_sync(box.look, self.settings)
        return found.seen_by(visitor.rights)

    # The household; the caller has checked `visitor.require_owner()`

    async def members(self, visitor: Visitor) -> list[MemberInfo]:
        """Everyone in the house, for an owner."""
        visitor.require_owner()
        return await to_thread.run_sync(self._accounts.members)

    async def add_member(
        self, login: str, name: str, role: Role, grants: Grants, password: str | None = None
    ) -> MemberInfo:
        """A new member; Conflict when the login is taken, BadInput for an unknown pod."""
        return await self._accounts.add_member(login, name, role, grants, password)

    async def set_grants(self, member_id: str, grants: Grants) -> MemberInfo:
        """Replace all of a member's grants; they hold from the next request."""
        return await to_thread.run_sync(self._accounts.set_grants, member_id, grants)

    async def set_disabled(self, member_id: str, disabled: bool) -> MemberInfo:
        """Close or reopen the door to a member; Conflict for the last owner."""
        return await to_thread.run_sync(self._accounts.set_disabled, member_id, disabled)
