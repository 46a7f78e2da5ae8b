"""Pages and their parts from templates, with the headers that keep a browser to its place."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

from fastapi import Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from hearth.web import words
from hearth.web.assets import Assets
from hearth.web.examples import of_kind

_POLICY = (
    "default-src 'none'; script-src 'nonce-{nonce}' 'self'; style-src 'self'; "
    "img-src 'self' data:; connect-src 'self'; form-action 'self'; frame-ancestors 'none'; "
    "base-uri 'none'"
)
_HEADERS = {
    "cache-control": "no-store",  # a household's words stay out of the browser's cache
    "referrer-policy": "same-origin",  # addresses never leave, yet forms still send their Origin
    "x-content-type-options": "nosniff",
}


class Pages:
    """Renders templates in the household's zone."""

    def __init__(self, assets: Assets, zone: ZoneInfo) -> None:
        self.zone = zone
        self._environment = _environment(assets, zone)

    def now(self) -> datetime:
        """The household's clock."""
        return datetime.now(self.zone)

    def part(self, name: str, /, **context: Any) -> str:
        """A part of a page as HTML, for what comes alive later."""
        return self._environment.get_template(name).render(context)

    def respond(
        self,
        name: str,
        /,
        *,
        status: int = 200,
        headers: Mapping[str, str] | None = None,
        **context: Any,
    ) -> HTMLResponse:
        """A whole page or a part of one as a response."""
        nonce = secrets.token_urlsafe(16)
        page = self.part(name, nonce=nonce, **context)
        policy = {"content-security-policy": _POLICY.format(nonce=nonce)}
        return HTMLResponse(page, status, {**_HEADERS, **policy, **(headers or {})})


def pages(request: Request) -> Pages:
    """The renderer of this program."""
    found: Pages = request.app.state.pages
    return found


def live(request: Request) -> bool:
    """Whether htmx asks for a part, rather than the browser for a page."""
    return request.headers.get("hx-request") == "true"


def go(request: Request, address: str) -> Response:
    """Send the browser to another page, whether htmx asks or the browser itself."""
    if live(request):
        return Response(status_code=204, headers={"HX-Redirect": address, **_HEADERS})
    return RedirectResponse(address, 303, _HEADERS)


def _environment(assets: Assets, zone: ZoneInfo) -> Environment:
    environment = Environment(
        loader=PackageLoader("hearth.web"),
        autoescape=True,
        undefined=StrictUndefined,
        auto_reload=False,  # templates come with the program; no request looks at the disk
        trim_blocks=True,
        lstrip_blocks=True,
    )

    def moment(value: datetime) -> Markup:
        return words.time_tag(value, zone)

    environment.globals.update(
        asset=assets.url,
        of_kind=of_kind,
        counted=words.counted,
        source_href=words.source_href,
        new_id=lambda: uuid4().hex,
    )
    environment.filters.update(
        moment=moment,
        prose=words.prose,
        marked=words.marked,
        size=words.size,
        did=words.did,
        browser=words.browser,
        capitalise=words.capitalised,
    )
    return environment
