"""FastAPI dependencies: who sends this request."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Request

from hearth.core.errors import NotSignedIn
from hearth.hub.cookies import refuse_cross_site, session_cookie
from hearth.hub.hub import Hub
from hearth.hub.visitors import Visitor


def current_hub(request: Request) -> Hub:
    """The hub that this app stands before."""
    hub: Hub = request.app.state.hub
    return hub


async def current_visitor(request: Request) -> Visitor:
    """Who sends this request: by token, else by console socket, else by session cookie."""
    hub = current_hub(request)
    if authorization := request.headers.get("authorization"):
        return await hub.visitor_by_token(_bearer(authorization))
    if request.scope.get("caller") == "console":
        return await hub.visitor_at_console(request.headers.get("x-hearth-member"))
    if cookie := session_cookie(request):
        refuse_cross_site(request, cookie=True)
        return await hub.visitor_by_session(cookie)
    raise NotSignedIn("you are not signed in", remedy="Sign in, or send a token.")


async def current_person(visitor: Annotated[Visitor, Depends(current_visitor)]) -> Visitor:
    """A member in person, not a token."""
    visitor.require_person()
    return visitor


async def current_owner(visitor: Annotated[Visitor, Depends(current_visitor)]) -> Visitor:
    """An owner in person."""
    visitor.require_owner()
    return visitor


CurrentHub = Annotated[Hub, Depends(current_hub)]
CurrentVisitor = Annotated[Visitor, Depends(current_visitor)]
CurrentPerson = Annotated[Visitor, Depends(current_person)]
CurrentOwner = Annotated[Visitor, Depends(current_owner)]


def _bearer(authorization: str) -> str:
    scheme, _, secret = authorization.partition(" ")
    if scheme.lower() != "bearer" or not secret.strip():
        raise NotSignedIn(
            "this kind of authorization is not known",
            where="Authorization",
            remedy="Send `Authorization: Bearer hearth_…` with a token from House › Tokens.",
        )
    return secret.strip()
