"""The pages that members see."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from fastapi import FastAPI, Request, Response

from hearth.core.errors import HearthError, NotSignedIn
from hearth.hub.hub import Hub
from hearth.web import api_page, box, changes, chat, home, house, library, signing, stream
from hearth.web.assets import Assets
from hearth.web.templating import Pages, go, live, pages
from hearth.web.view import View, sign_in_address

__all__ = ["html_error", "install"]

_ROUTERS = (signing, home, chat, stream, changes, library, house, box, api_page)
_HEADINGS = {
    403: "Not for you",
    404: "Not here",
    409: "Moved on",
    429: "A moment, please",
    503: "Not answering",
    507: "The disk is full",
}


def install(app: FastAPI, hub: Hub) -> None:
    """Hang the pages into the hub's app. BadConfiguration when the build left a file out."""
    assets = Assets()
    app.state.pages = Pages(assets, ZoneInfo(hub.settings.zone))
    app.mount("/static", assets, name="static")
    for part in _ROUTERS:
        app.include_router(part.router)


def html_error(request: Request, error: HearthError) -> Response:
    """An error for a person: a page, or beside what they were doing a notice."""
    if isinstance(error, NotSignedIn):
        return go(request, sign_in_address(request))
    if live(request):
        beside = {"HX-Retarget": "#notice", "HX-Reswap": "innerHTML"}
        return pages(request).respond(
            "parts/error.html", status=error.status, headers=beside, error=error
        )
    heading = _HEADINGS.get(error.status, "That did not work")
    view: View | None = getattr(request.state, "view", None)
    frame = view.frame("") if view else {"pods": (), "here": "", "box": None}
    return pages(request).respond(
        "error.html", status=error.status, error=error, heading=heading, **frame
    )
