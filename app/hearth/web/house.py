"""The house's machinery: the visitor's keys, the members, how the pods are."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Form, Response

from hearth.core.errors import BadInput, NotFound
from hearth.core.people import Right, Role
from hearth.web.home import look_into_rooms
from hearth.web.templating import go
from hearth.web.view import CurrentView, Id, PodName, View

router = APIRouter(include_in_schema=False)
RIGHTS = (
    (Right.ASK, "put questions"),
    (Right.READ, "open the sources behind an answer"),
    (Right.PROPOSE, "have changes proposed"),
    (Right.CONFIRM, "confirm, reject and undo changes"),
    (Right.MANAGE, "add and remove documents"),
)


@router.get("/house")
async def house(view: CurrentView) -> Response:
    """Everything that opens a door here."""
    owner = view.visitor.member.role is Role.OWNER and view.visitor.via != "token"
    return view.page(
        "house.html",
        "house",
        rooms=await look_into_rooms(view),
        sessions=await view.hub.sessions(view.visitor),
        tokens=await view.hub.tokens(view.visitor),
        members=await view.hub.members(view.visitor) if owner else None,
        secret=None,
        all_rights=RIGHTS,
        telegram=[each for each in view.pods if each.name in view.hub.settings.telegram_pods],
    )


@router.post("/house/password")
async def change_password(
    view: CurrentView,
    new: Annotated[str, Form(max_length=1_024)],
    current: Annotated[str, Form(max_length=1_024)] = "",
) -> Response:
    """Change the visitor's own password."""
    await view.hub.set_password(view.visitor, current or None, new)
    words = "The password is changed, and your other browsers are signed out."
    return view.answer("parts/good.html", "house", otherwise="/house", words=words)


@router.post("/house/sessions/{session}/revoke")
async def revoke_session(view: CurrentView, session: str) -> Response:
    """Sign one of the visitor's browsers out."""
    await view.hub.revoke_session(view.visitor, session)
    return go(view.request, "/house#browsers")


@router.post("/house/tokens")
async def make_token(
    view: CurrentView,
    name: Annotated[str, Form(max_length=80)],
    pods: Annotated[list[str] | None, Form()] = None,
    rights: Annotated[list[Right] | None, Form()] = None,
    days: Annotated[str, Form(pattern=r"^[0-9]{0,4}$")] = "",
) -> Response:
    """Make a token; its secret is on this one page and on no other."""
    if not name.strip():
        raise BadInput("the token needs a name", remedy="Name what will use it.")
    lifetime = int(days) if days else None
    made = await view.hub.new_token(view.visitor, name.strip(), pods or (), rights or (), lifetime)
    return await _tokens(view, made[1])


@router.post("/house/tokens/{token}/revoke")
async def revoke_token(view: CurrentView, token: Id) -> Response:
    """Delete a token; the programs that hold it are locked out at once."""
    await view.hub.revoke_token(view.visitor, token)
    return await _tokens(view, None)


@router.post("/house/telegram/{pod}/code")
async def telegram_code(view: CurrentView, pod: PodName) -> Response:
    """A one-time code that links the visitor's Telegram account to a pod."""
    made = await view.hub.new_telegram_code(view.visitor, pod)
    template = "parts/telegram_code.html" if view.live else "telegram_code_made.html"
    return view.page(template, "house", code=made, title=view.pod(pod).title)


@router.post("/house/members/{member}/link")
async def sign_in_link(view: CurrentView, member: Id) -> Response:
    """A one-time sign-in link for a member, made by an owner."""
    everyone = {each.member.id: each.member for each in await view.hub.members(view.visitor)}
    if member not in everyone:
        raise NotFound("there is no such member", remedy="Reload the page.")
    made = await view.hub.new_sign_in_link(member, minutes=60)
    context = {"link": made, "name": everyone[member].name, "member": member}
    template = "parts/sign_in_link.html" if view.live else "sign_in_link_made.html"
    return view.page(template, "house", **context)


async def _tokens(view: View, secret: str | None) -> Response:
    context = {
        "tokens": await view.hub.tokens(view.visitor),
        "secret": secret,
        "all_rights": RIGHTS,
    }
    template = "parts/tokens.html" if view.live else "tokens.html"
    return view.page(template, "house", **context)
