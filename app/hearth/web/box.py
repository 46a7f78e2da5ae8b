"""How the machine is, for the adults of the house: what needs them, backups, what is watched."""

from __future__ import annotations

from collections.abc import Mapping

from fastapi import APIRouter, Response

from hearth.ops.box import Watched
from hearth.web.home import look_into_rooms
from hearth.web.view import CurrentView

router = APIRouter(include_in_schema=False)
_PARTS = {
    "hub": "The front door",
    "inference": "The model that answers",
    "caddy": "The web server",
    "prometheus": "The monitoring itself",
    "node": "The machine",
    "smart": "The disks",
    "gpu": "The graphics cards",
}


@router.get("/house/box")
async def box(view: CurrentView) -> Response:
    """Everything that is known of the machine."""
    view.box = found = await view.hub.box(view.visitor)
    titles = {card.name: card.title for card in view.pods}
    watched = found.report.watched if found.report else ()
    return view.page(
        "box.html",
        "box",
        watched=[(called(each, titles), each) for each in watched],
        rooms=[] if found.report else await look_into_rooms(view),
    )


def called(part: Watched, titles: Mapping[str, str]) -> str:
    """What a person calls a part of the box: a pod by its title, the rest by what it does."""
    if part.pod is not None:
        return titles.get(part.pod, part.pod)
    engine = part.name.removeprefix("inference-")
    return _PARTS.get(part.name, part.name if engine == part.name else f"The model {engine}")
