"""The household, for its owners."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Body, Depends

from hearth.hub.api import examples
from hearth.hub.api.common import Id, refusals
from hearth.hub.auth import CurrentHub, CurrentOwner, current_owner
from hearth.hub.shapes import (
    DisabledRequest,
    GrantsRequest,
    LinkRequest,
    MemberInfo,
    MemberRequest,
    SignInLink,
)

router = APIRouter(
    prefix="/api/v1/members",
    tags=["Members"],
    responses=refusals(401, 403),
    dependencies=[Depends(current_owner)],
)


@router.get("", summary="List members")
async def members(hub: CurrentHub, visitor: CurrentOwner) -> list[MemberInfo]:
    """Everyone in the house with their grants, the oldest account first."""
    return await hub.members(visitor)


@router.post("", summary="Add a member", status_code=201, responses=refusals(409, 422))
async def add_member(
    hub: CurrentHub,
    body: Annotated[MemberRequest, Body(openapi_examples=examples.MEMBER)],
) -> MemberInfo:
    """A new member. Without a password they come in by a sign-in link and set their own."""
    return await hub.add_member(body.login, body.name, body.role, body.grants, body.password)


@router.put("/{member}/grants", summary="Set grants", responses=refusals(404, 422))
async def set_grants(
    hub: CurrentHub,
    member: Id,
    body: Annotated[GrantsRequest, Body(openapi_examples=examples.GRANTS)],
) -> MemberInfo:
    """Replaces all of a member's grants; they hold from the next request on."""
    return await hub.set_grants(member, body.grants)


@router.put("/{member}/disabled", summary="Disable or enable", responses=refusals(404, 409, 422))
async def set_disabled(
    hub: CurrentHub,
    member: Id,
    body: Annotated[DisabledRequest, Body(openapi_examples=examples.DISABLED)],
) -> MemberInfo:
    """Closes the door to a member, or opens it again. What is theirs stays."""
    return await hub.set_disabled(member, body.disabled)


@router.post(
    "/{member}/sign-in-link",
    summary="Make a sign-in link",
    status_code=201,
    responses=refusals(404, 422),
)
async def sign_in_link(
    hub: CurrentHub,
    member: Id,
    body: Annotated[LinkRequest, Body(openapi_examples=examples.SIGN_IN_LINK)],
) -> SignInLink:
    """A link that signs the member in, once, within so many minutes."""
    return await hub.new_sign_in_link(member, body.minutes)
