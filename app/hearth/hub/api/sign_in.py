"""Signing in and out."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Body, Request, Response

from hearth.hub.api import examples
from hearth.hub.api.common import refusals
from hearth.hub.auth import CurrentHub, CurrentPerson
from hearth.hub.cookies import (
    clear_session_cookie,
    client_address,
    refuse_cross_site,
    session_cookie,
    set_session_cookie,
)
from hearth.hub.hub import Hub
from hearth.hub.shapes import LinkSecret, Me, SignIn

router = APIRouter(prefix="/api/v1", tags=["Signing in"], responses=refusals(401, 403))


@router.post("/sign-in", summary="Sign in with a password", responses=refusals(422, 429))
async def sign_in(
    hub: CurrentHub,
    request: Request,
    response: Response,
    body: Annotated[SignIn, Body(openapi_examples=examples.SIGN_IN)],
) -> Me:
    """Sets the session cookie. The name and the address may each try so often in a minute."""
    refuse_cross_site(request, cookie=False)
    agent = request.headers.get("user-agent", "")
    cookie = await hub.sign_in(body.login, body.password, client_address(request), agent)
    return await _signed_in(hub, request, response, cookie)


@router.post("/sign-in/link", summary="Sign in with a one-time link", responses=refusals(422))
async def redeem_link(
    hub: CurrentHub,
    request: Request,
    response: Response,
    body: Annotated[LinkSecret, Body(openapi_examples=examples.LINK)],
) -> Me:
    """Sets the session cookie and uses the link up."""
    refuse_cross_site(request, cookie=False)
    cookie = await hub.redeem_link(body.secret, request.headers.get("user-agent", ""))
    return await _signed_in(hub, request, response, cookie)


@router.post("/sign-out", summary="Sign out", status_code=204)
async def sign_out(hub: CurrentHub, visitor: CurrentPerson, request: Request) -> Response:
    """Ends this browser's session and takes its cookie back."""
    if visitor.via == "session" and (cookie := session_cookie(request)):
        await hub.sign_out(cookie)
    response = Response(status_code=204)
    clear_session_cookie(request, response)
    return response


async def _signed_in(hub: Hub, request: Request, response: Response, cookie: str) -> Me:
    set_session_cookie(request, response, cookie)
    return Me.of(await hub.visitor_by_session(cookie))
