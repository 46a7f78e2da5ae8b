"""Who stands at the door, how they came, and what they may do in which pod."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Literal

from hearth.core.errors import NotAllowed
from hearth.core.people import Member, Right, Role

Via = Literal["session", "token", "console"]
Grants = Mapping[str, frozenset[Right]]  # by the pod's name


@dataclass(frozen=True)
class Visitor:
    """A member at the door. `grants` is already narrowed by the scope of the token they hold."""

    member: Member
    via: Via
    grants: Grants
    login: str = ""
    key: str = ""  # the id of the session or token that let them in; empty at the console

    def rights(self, pod: str) -> frozenset[Right]:
        """What the visitor may do in `pod`; empty for a pod that is not theirs."""
        return self.grants.get(pod, frozenset())

    def require_person(self) -> None:
        """NotAllowed for a token: it opens pods, and never the keys of the house."""
        if self.via == "token":
            raise NotAllowed(
                "a token opens pods only, not accounts and keys",
                remedy="Sign in on the page, or use `hearth` on the box itself.",
            )

    @property
    def looks_after_the_box(self) -> bool:
        """Whether what is wrong with the box is told to them: grown-ups in person."""
        return self.via != "token" and self.member.role in {Role.OWNER, Role.ADULT}

    def require_adult(self) -> None:
        """NotAllowed for everyone but an owner or an adult in person."""
        self.require_person()
        if not self.looks_after_the_box:
            raise NotAllowed(
                "only the adults of the house may see this", remedy="Ask one of them to look."
            )

    def require_owner(self) -> None:
        """NotAllowed for everyone but an owner in person."""
        self.require_person()
        if self.member.role is not Role.OWNER:
            raise NotAllowed(
                "only an owner of the house may do this", remedy="Ask an owner to do it."
            )


def narrowed(grants: Grants, pods: Collection[str], rights: Collection[Right]) -> Grants:
    """What is left of `grants` within a token's scope; no pod without a right."""
    within = {pod: grants[pod].intersection(rights) for pod in grants if pod in pods}
    return {pod: left for pod, left in within.items() if left}
