"""The front page: what can be asked, what the house did, and whether it is well."""

from __future__ import annotations

from dataclasses import dataclass, field

from anyio import create_task_group
from fastapi import APIRouter, Response

from hearth.core.api import Action, PodStatus
from hearth.core.errors import HearthError
from hearth.core.people import Right
from hearth.core.turns import ProposalState
from hearth.hub.shapes import PodCard
from hearth.web.lines import Card, card
from hearth.web.view import CurrentView, View
from hearth.web.words import greeting, long_date

router = APIRouter(include_in_schema=False)
SHOWN = 5  # changes of each kind that the front page shows


@dataclass
class Room:
    """A pod as the front page finds it: its own account, or why there is none."""

    card: PodCard
    rights: frozenset[Right]
    status: PodStatus | None = None
    error: HearthError | None = None
    actions: list[Action] = field(default_factory=list)

    @property
    def counts(self) -> list[tuple[int, str]]:
        """How much of each thing the pod holds."""
        if self.status is None:
            return []
        return [
            (self.status.documents, "document"),
            (self.status.events, "event"),
            (self.status.transactions, "payment"),
            (self.status.notes, "note"),
        ]


@router.get("/")
async def home(view: CurrentView) -> Response:
    """The front page."""
    rooms = await look_into_rooms(view)
    cards = [card(view, room.card.name, action) for room in rooms for action in room.actions]
    cards.sort(key=lambda each: each.action.at, reverse=True)
    now = view.now()
    waiting = [each for each in cards if _is(each, ProposalState.PROPOSED)]
    done = [each for each in cards if _is(each, ProposalState.CONFIRMED)]
    return view.page(
        "home.html",
        "home",
        rooms=rooms,
        waiting=len(waiting),
        changes=waiting[:SHOWN] + done[:SHOWN],
        today=long_date(now),
        greeting=greeting(now),
    )


async def look_into_rooms(view: View) -> list[Room]:
    """Every pod of the visitor, asked at the same time; one that is silent says why."""
    rooms = [Room(card, view.visitor.rights(card.name)) for card in view.pods]
    async with create_task_group() as group:
        for room in rooms:
            group.start_soon(_look, view, room)
    return rooms


async def _look(view: View, room: Room) -> None:
    if Right.ASK not in room.rights:
        return
    door = view.door(room.card.name, Right.ASK)
    try:
        room.status = await door.status()
        room.actions = await door.actions()
    except HearthError as error:
        room.error = error


def _is(shown: Card, state: ProposalState) -> bool:
    return shown.action.proposal.state is state
