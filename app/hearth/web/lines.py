"""What a conversation shows: its messages, and beside each the state of what it proposed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from hearth.core.api import Action
from hearth.core.people import Right
from hearth.core.turns import Message, Proposal
from hearth.web.view import View


@dataclass(frozen=True)
class Card:
    """An action with its buttons, as this visitor may press them."""

    pod: str
    action: Action
    may_decide: bool


@dataclass(frozen=True)
class Line:
    """A message and the cards under it; `live` while the member looks on."""

    message: Message
    cards: tuple[Card, ...] = ()
    live: bool = False


def card(view: View, pod: str, action: Action) -> Card:
    """The action's card."""
    return Card(pod, action, view.may(pod, Right.CONFIRM))


async def lines(
    view: View, pod: str, messages: Sequence[Message], *, live: bool = False
) -> list[Line]:
    """The messages with the present state of their proposals, which may have moved on since."""
    actions: Mapping[str, Action] = {}
    if any(message.proposals for message in messages):
        ledger = await view.door(pod, Right.ASK).actions()
        actions = {each.proposal.id: each for each in ledger}

    def line(message: Message) -> Line:
        shown = (actions.get(each.id) or _proposed(each, message) for each in message.proposals)
        return Line(message, tuple(card(view, pod, action) for action in shown), live)

    return [line(message) for message in messages]


def _proposed(proposal: Proposal, message: Message) -> Action:
    return Action(proposal=proposal, member="", at=message.at)
