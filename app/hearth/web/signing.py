"""Signing in by password or one-time link, and signing out."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Form, Request, Response

from hearth.core.errors import Busy, HearthError, NotSignedIn
from hearth.hub.auth import CurrentHub
from hearth.hub.cookies import (
    clear_session_cookie,
    client_address,
    refuse_cross_site,
    session_cookie,
    set_session_cookie,
)
from hearth.web.templating import go, pages
from hearth.web.view import safe_address

router = APIRouter(include_in_schema=False)


@router.get("/sign-in")
async def door(request: Request, next: str = "/") -> Response:  # noqa: A002 - the query's name
    """The page where one signs in."""
    return _door(request, None, next=safe_address(next))


@router.post("/sign-in")
async def sign_in(
    request: Request,
    hub: CurrentHub,
    login: Annotated[str, Form(max_length=200)],
    password: Annotated[str, Form(max_length=1_024)],
    next: Annotated[str, Form()] = "/",  # noqa: A002 - the field's name
) -> Response:
    """Sign in, or say on the same page why not."""
    refuse_cross_site(request, cookie=False)
    address, agent = client_address(request), request.headers.get("user-agent", "")
    try:
        cookie = await hub.sign_in(login, password, address, agent)
    except (NotSignedIn, Busy) as error:
        return _door(request, error, login=login, next=safe_address(next))
    return _welcome(request, cookie, safe_address(next))


@router.get("/sign-in/{secret}")
async def link(request: Request, secret: str) -> Response:
    """A one-time link; it asks first, so that a preview of the link does not use it up."""
    return pages(request).respond("sign_in_link.html", secret=secret)


@router.post("/sign-in/{secret}")
async def redeem(request: Request, hub: CurrentHub, secret: str) -> Response:
    """Use the link up."""
    refuse_cross_site(request, cookie=False)
    try:
        cookie = await hub.redeem_link(secret, request.headers.get("user-agent", ""))
    except NotSignedIn as error:
        return _door(request, error)
    return _welcome(request, cookie, "/")


@router.post("/sign-out")
async def sign_out(request: Request, hub: CurrentHub) -> Response:
    """End this browser's session."""
    refuse_cross_site(request, cookie=True)
    if cookie := session_cookie(request):
        await hub.sign_out(cookie)
    response = go(request, "/sign-in")
    clear_session_cookie(request, response)
    return response


def _door(
    request: Request,
    error: HearthError | None,
    login: str = "",
    next: str = "/",  # noqa: A002 - the field's name
) -> Response:
    status = error.status if error else 200
    return pages(request).respond(
        "sign_in.html", status=status, error=error, login=login, next=next
    )


def _welcome(request: Request, cookie: str, address: str) -> Response:
    response = go(request, address)
    set_session_cookie(request, response, cookie)
    return response
