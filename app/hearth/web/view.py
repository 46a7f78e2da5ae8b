"""A page as one visitor sees it: who they are, where they may go, and what renders it."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Annotated, Any
from urllib.parse import quote

from fastapi import Depends, Path, Request, Response
from pydantic import AfterValidator

from hearth.core.errors import NotFound
from hearth.core.people import Right
from hearth.hub.auth import CurrentHub, CurrentVisitor
from hearth.hub.shapes import PodCard
from hearth.ops.box import Box
from hearth.pod.client import PodDoor
from hearth.web.templating import Pages, go, live, pages


def _of_form(form: str) -> Callable[[str], str]:
    def check(value: str) -> str:
        if re.fullmatch(form, value):
            return value
        raise NotFound("there is nothing at this address")

    return check


PodName = Annotated[str, Path(), AfterValidator(_of_form(r"[a-z][a-z0-9-]{0,31}"))]
Id = Annotated[str, Path(), AfterValidator(_of_form(r"[0-9a-f]{32}"))]


async def _box(request: Request, hub: CurrentHub, visitor: CurrentVisitor) -> Box | None:
    """How the box is, for a whole page of someone who looks after it."""
    if live(request) or not visitor.looks_after_the_box:
        return None
    return await hub.box(visitor)


CurrentBox = Annotated[Box | None, Depends(_box)]


class View:
    """The visitor's request, with everything that a page around them needs."""

    def __init__(
        self, request: Request, hub: CurrentHub, visitor: CurrentVisitor, box: CurrentBox
    ) -> None:
        self.request = request
        self.hub = hub
        self.visitor = visitor
        self.box = box
        self.pages: Pages = pages(request)
        self.pods: list[PodCard] = hub.pods(visitor)
        request.state.view = self  # so that an error's page has the visitor's frame too

    @property
    def live(self) -> bool:
        """Whether htmx asks for a part, rather than the browser for a page."""
        return live(self.request)

    def now(self) -> datetime:
        """The household's clock."""
        return self.pages.now()

    def pod(self, name: str) -> PodCard:
        """One of the visitor's pods; NotFound."""
        for card in self.pods:
            if card.name == name:
                return card
        raise NotFound(f"there is no pod {name!r} for you", remedy="The line above names yours.")

    def may(self, pod: str, right: Right) -> bool:
        """Whether the visitor has this right in the pod."""
        return right in self.visitor.rights(pod)

    def door(self, pod: str, right: Right) -> PodDoor:
        """The pod as the visitor may use it; NotFound or NotAllowed."""
        return self.hub.door(self.visitor, pod, right)

    def frame(self, here: str) -> dict[str, Any]:
        """What every page shows around its content; `here` is a pod's name, "home" or "house"."""
        frame: dict[str, Any] = {"visitor": self.visitor, "pods": self.pods, "here": here}
        frame["box"] = self.box
        if any(card.name == here for card in self.pods):
            frame |= {"pod": self.pod(here), "rights": self.visitor.rights(here)}
        return frame

    def page(self, template: str, here: str, /, **context: Any) -> Response:
        """A page, or a part of one, within the visitor's frame."""
        return self.pages.respond(template, **self.frame(here), **context)

    def part(self, template: str, here: str, /, **context: Any) -> str:
        """A part as HTML."""
        return self.pages.part(template, **self.frame(here), **context)

    def answer(
        self,
        template: str,
        here: str,
        /,
        *,
        otherwise: str,
        headers: Mapping[str, str] | None = None,
        **context: Any,
    ) -> Response:
        """To htmx the part that has changed; without scripts, the way to the page `otherwise`."""
        if not self.live:
            return go(self.request, otherwise)
        return self.pages.respond(template, headers=headers, **self.frame(here), **context)


CurrentView = Annotated[View, Depends(View)]


def safe_address(address: str) -> str:
    """A path on this house; "/" for anything that would lead elsewhere."""
    return address if re.fullmatch(r"/(?![/\\])[^\\\x00-\x20]*", address) else "/"


def sign_in_address(request: Request) -> str:
    """The sign-in page, with the way back to where the visitor wanted to go."""
    if request.method != "GET" or request.url.path == "/":
        return "/sign-in"
    return f"/sign-in?next={quote(request.url.path, safe='/')}"
