"""How the house is, for its adults."""

from __future__ import annotations

from fastapi import APIRouter

from hearth.hub.api.common import refusals
from hearth.hub.auth import CurrentHub, CurrentVisitor
from hearth.ops.box import Box

router = APIRouter(prefix="/api/v1/box", tags=["Box"], responses=refusals(401, 403))


@router.get("", summary="See how the box is")
async def box(hub: CurrentHub, visitor: CurrentVisitor) -> Box:
    """What is wrong, since when and what to do; what is watched; the last backup and drill.

    For owners and adults in person: a token does not see it. `report` is null on a machine that
    nothing watches over, `backup` and `drill` where no backups are set up.
    """
    return await hub.box(visitor)
