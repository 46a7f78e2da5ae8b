"""Proposals, and the ledger of what became of them."""

from __future__ import annotations

from typing import Literal

from fastapi import APIRouter

from hearth.core.api import Action
from hearth.core.people import Right
from hearth.hub.api.common import Id, Pod, refusals
from hearth.hub.auth import CurrentHub, CurrentVisitor

router = APIRouter(
    prefix="/api/v1/pods/{pod}", tags=["Changes"], responses=refusals(401, 403, 404, 422, 503)
)


@router.get("/actions", summary="List changes")
async def actions(hub: CurrentHub, visitor: CurrentVisitor, pod: Pod) -> list[Action]:
    """The pod's proposals and what became of them, the newest first. Needs `ask`."""
    return await hub.door(visitor, pod, Right.ASK).actions()


@router.post("/proposals/{proposal}/{word}", summary="Confirm or reject", responses=refusals(409))
async def decide(
    hub: CurrentHub,
    visitor: CurrentVisitor,
    pod: Pod,
    proposal: Id,
    word: Literal["confirm", "reject"],
) -> Action:
    """Makes the proposed change, or drops it; the same word again does nothing. Needs `confirm`."""
    return await hub.door(visitor, pod, Right.CONFIRM).decide(proposal, word)


@router.post("/actions/{action}/undo", summary="Undo a change", responses=refusals(409))
async def undo(hub: CurrentHub, visitor: CurrentVisitor, pod: Pod, action: Id) -> Action:
    """Takes a confirmed change back, unless what it changed has moved on. Needs `confirm`."""
    return await hub.door(visitor, pod, Right.CONFIRM).undo(action)
