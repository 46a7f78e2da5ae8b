"""Who asks, and what they may do."""

from __future__ import annotations

from enum import StrEnum

from pydantic import BaseModel, ConfigDict


class Frozen(BaseModel):
    """Base of everything that crosses a boundary: immutable, and closed to unknown fields."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Role(StrEnum):
    """A member's place in the household."""

    OWNER = "owner"
    ADULT = "adult"
    TEEN = "teen"
    CHILD = "child"
    GUEST = "guest"


class Right(StrEnum):
    """What a member or a token may do in a pod."""

    ASK = "ask"  # put a question
    READ = "read"  # open the sources behind an answer
    PROPOSE = "propose"  # have the pod propose a change
    CONFIRM = "confirm"  # confirm, reject and undo changes
    MANAGE = "manage"  # add and remove documents and sources


ALL_RIGHTS = frozenset(Right)


class Member(Frozen):
    """A person of the household, as the hub knows them."""

    id: str
    name: str
    role: Role


class Caller(Frozen):
    """A member at one pod's door, with the rights the hub signed for this request."""

    member: Member
    pod: str
    rights: frozenset[Right]

    def may(self, right: Right) -> bool:
        """Whether the signed rights include `right`."""
        return right in self.rights
