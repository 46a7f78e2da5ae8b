"""Changes: the member's word on a proposal, taking a change back, and the ledger of both."""

from __future__ import annotations

from itertools import groupby
from typing import Literal

from fastapi import APIRouter, Response

from hearth.core.api import Action
from hearth.core.people import Right
from hearth.web.lines import Card, card
from hearth.web.view import CurrentView, Id, PodName, View
from hearth.web.words import long_date

router = APIRouter(include_in_schema=False)


@router.get("/pods/{pod}/actions")
async def ledger(view: CurrentView, pod: PodName) -> Response:
    """Every change that the pod proposed, by day, the newest first."""
    actions = await view.door(pod, Right.ASK).actions()
    return view.page("actions.html", pod, days=_by_day(view, pod, actions))


@router.post("/pods/{pod}/proposals/{proposal}/{word}")
async def decide(
    view: CurrentView, pod: PodName, proposal: Id, word: Literal["confirm", "reject"]
) -> Response:
    """Confirm or reject a proposal."""
    return _shown(view, pod, await view.door(pod, Right.CONFIRM).decide(proposal, word))


@router.post("/pods/{pod}/actions/{action}/undo")
async def undo(view: CurrentView, pod: PodName, action: Id) -> Response:
    """Take a confirmed change back."""
    return _shown(view, pod, await view.door(pod, Right.CONFIRM).undo(action))


def _shown(view: View, pod: str, action: Action) -> Response:
    ledger = f"/pods/{pod}/actions#action-{action.proposal.id}"
    return view.answer("parts/action.html", pod, otherwise=ledger, card=card(view, pod, action))


def _by_day(view: View, pod: str, actions: list[Action]) -> list[tuple[str, list[Card]]]:
    def day(action: Action) -> str:
        return long_date(action.at.astimezone(view.pages.zone))

    return [
        (name, [card(view, pod, action) for action in group])
        for name, group in groupby(actions, day)
    ]
