"""The caller's own tokens, sessions and password."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Body, Path

from hearth.hub.api import examples
from hearth.hub.api.common import Id, refusals
from hearth.hub.auth import CurrentHub, CurrentPerson
from hearth.hub.shapes import NewToken, PasswordChange, SessionInfo, TokenInfo, TokenRequest

router = APIRouter(prefix="/api/v1", tags=["Keys"], responses=refusals(401, 403))


@router.get("/tokens", summary="List tokens")
async def tokens(hub: CurrentHub, visitor: CurrentPerson) -> list[TokenInfo]:
    """The caller's API tokens, the newest first, without their secrets."""
    return await hub.tokens(visitor)


@router.post("/tokens", summary="Make a token", status_code=201, responses=refusals(422))
async def new_token(
    hub: CurrentHub,
    visitor: CurrentPerson,
    body: Annotated[TokenRequest, Body(openapi_examples=examples.TOKEN)],
) -> NewToken:
    """A new token and its secret, which is shown this once.

    It may do what both its own scope and, at each request, the caller's rights allow.
    """
    token, secret = await hub.new_token(visitor, body.name, body.pods, body.rights, body.days)
    return NewToken(token=token, secret=secret)


@router.delete(
    "/tokens/{token}", summary="Revoke a token", status_code=204, responses=refusals(404, 422)
)
async def revoke_token(hub: CurrentHub, visitor: CurrentPerson, token: Id) -> None:
    """Deletes one of the caller's tokens; it opens nothing from then on."""
    await hub.revoke_token(visitor, token)


@router.get("/sessions", summary="List sessions")
async def sessions(hub: CurrentHub, visitor: CurrentPerson) -> list[SessionInfo]:
    """The browsers in which the caller is signed in, the newest first."""
    return await hub.sessions(visitor)


@router.delete(
    "/sessions/{session}", summary="End a session", status_code=204, responses=refusals(404, 422)
)
async def revoke_session(
    hub: CurrentHub,
    visitor: CurrentPerson,
    session: Annotated[str, Path(pattern=r"^[0-9a-f]{64}$")],
) -> None:
    """Signs one of the caller's browsers out."""
    await hub.revoke_session(visitor, session)


@router.put(
    "/password", summary="Change the password", status_code=204, responses=refusals(422, 429)
)
async def set_password(
    hub: CurrentHub,
    visitor: CurrentPerson,
    body: Annotated[PasswordChange, Body(openapi_examples=examples.PASSWORD)],
) -> None:
    """Replaces the caller's password and ends their other sessions."""
    await hub.set_password(visitor, body.current, body.new)
