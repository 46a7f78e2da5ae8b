"""The shapes of the hub's own API: accounts, keys and the list of pods."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from pydantic import Field, PlainSerializer

from hearth.core.people import Frozen, Member, Right, Role
from hearth.hub.visitors import Via, Visitor

LOGIN = r"^[a-z0-9][a-z0-9._-]{0,39}$"
PASSWORD_CHARACTERS = 8
# Sets leave in one order, so that the same answer is the same bytes.
Rights = Annotated[frozenset[Right], PlainSerializer(sorted, list[Right], when_used="json")]
PodNames = Annotated[frozenset[str], PlainSerializer(sorted, list[str], when_used="json")]


class PodCard(Frozen):
    """A pod as its visitors see it in a list."""

    name: str
    title: str
    kind: str


class Me(Frozen):
    """The visitor, as the hub knows them."""

    member: Member
    login: str
    via: Via
    pods: dict[str, Rights]

    @classmethod
    def of(cls, visitor: Visitor) -> Me:
        """What a visitor may know of themselves."""
        return cls(
            member=visitor.member,
            login=visitor.login,
            via=visitor.via,
            pods=dict(visitor.grants),
        )


class SignIn(Frozen):
    """A login and its password."""

    login: str = Field(min_length=1, max_length=200)
    password: str = Field(min_length=1, max_length=1_024)


class LinkSecret(Frozen):
    """The last part of a one-time sign-in link."""

    secret: str = Field(min_length=1, max_length=200)


class SignInLink(Frozen):
    """A one-time sign-in link, shown once."""

    url: str
    expires: datetime


class PasswordChange(Frozen):
    """A new password, with the one it replaces (none where none was set)."""

    current: str | None = Field(default=None, max_length=1_024)
    new: str = Field(min_length=PASSWORD_CHARACTERS, max_length=1_024)


class SessionInfo(Frozen):
    """A signed-in browser."""

    id: str
    created: datetime
    expires: datetime
    agent: str
    current: bool


class TokenInfo(Frozen):
    """An API token without its secret."""

    id: str
    name: str
    pods: PodNames
    rights: Rights
    created: datetime
    expires: datetime | None
    used: datetime | None


class TokenRequest(Frozen):
    """What a new token may do, and for how many days (never ending when not set)."""

    name: str = Field(min_length=1, max_length=80)
    pods: PodNames = Field(min_length=1)
    rights: Rights = Field(min_length=1)
    days: int | None = Field(default=90, ge=1, le=3_650)


class NewToken(Frozen):
    """A new token and its secret, which is shown this once."""

    token: TokenInfo
    secret: str


class MemberInfo(Frozen):
    """A member as an owner sees them."""

    member: Member
    login: str
    grants: dict[str, Rights]
    created: datetime
    disabled: bool
    has_password: bool


class MemberRequest(Frozen):
    """A new member."""

    login: str = Field(pattern=LOGIN)
    name: str = Field(min_length=1, max_length=80)
    role: Role
    grants: dict[str, Rights] = {}
    password: str | None = Field(default=None, min_length=PASSWORD_CHARACTERS, max_length=1_024)


class GrantsRequest(Frozen):
    """All of a member's grants, by the pod's name."""

    grants: dict[str, Rights]


class LinkRequest(Frozen):
    """How long a sign-in link is good for."""

    minutes: int = Field(default=15, ge=1, le=60 * 24 * 7)


class DisabledRequest(Frozen):
    """Whether the door is closed to a member."""

    disabled: bool


class TelegramCode(Frozen):
    """A one-time code that links a Telegram account, shown once."""

    pod: str
    code: str
    expires: datetime


class TelegramCodeSecret(Frozen):
    """A code as somebody has sent it to the bot."""

    code: str = Field(min_length=1, max_length=64)


class TelegramLink(Frozen):
    """What a code was good for: the token that speaks for a member in one pod."""

    token: str
    member: str  # the member's name
    title: str  # the pod's
