"""Linking a member's Telegram account to a pod."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Body, Request

from hearth.config import telegram_program
from hearth.core.errors import NotFound
from hearth.hub.api.common import Pod, refusals
from hearth.hub.auth import CurrentHub, CurrentVisitor
from hearth.hub.channel_door import LINK
from hearth.hub.shapes import TelegramCode, TelegramCodeSecret, TelegramLink

router = APIRouter(tags=["Keys"])


@router.post(
    "/api/v1/pods/{pod}/telegram/code",
    summary="Make a code for Telegram",
    status_code=201,
    responses=refusals(401, 403, 404, 422, 503),
)
async def code(hub: CurrentHub, visitor: CurrentVisitor, pod: Pod) -> TelegramCode:
    """A one-time code that the caller sends to the pod's bot as `/start CODE`. Needs `ask`.

    Bots are not end-to-end encrypted: Telegram's servers read what is asked and answered there.
    """
    return await hub.new_telegram_code(visitor, pod)


@router.post(LINK, include_in_schema=False)
async def link(
    hub: CurrentHub, request: Request, body: Annotated[TelegramCodeSecret, Body()]
) -> TelegramLink:
    """The token for a code; on the socket of the pod's own Telegram program alone."""
    for pod in hub.settings.telegram_pods:
        if request.scope.get("caller") == telegram_program(pod):
            return await hub.redeem_telegram_code(pod, body.code)
    raise NotFound("there is nothing at this address")
