"""The session cookie, and what a request says of where it came from."""

from __future__ import annotations

import ipaddress

from starlette.requests import Request
from starlette.responses import Response

from hearth.config import Settings
from hearth.core.errors import NotAllowed

_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
_SECONDS_A_DAY = 86_400


def is_https(request: Request) -> bool:
    """Whether the member's browser speaks TLS, be it with the Caddy in front."""
    if _settings(request).hub.public_url is not None:
        return str(_settings(request).hub.public_url).startswith("https:")
    if request.client is None:  # a Unix socket, where only Caddy calls
        return request.headers.get("x-forwarded-proto") == "https"
    return request.url.scheme == "https"


def session_cookie(request: Request) -> str | None:
    """The value of the session cookie, if one came."""
    return request.cookies.get(_name(request))


def set_session_cookie(request: Request, response: Response, value: str) -> None:
    """Hand a new session to the browser: no script reads it, no other site's form sends it."""
    response.set_cookie(
        _name(request),
        value,
        max_age=_settings(request).hub.session_days * _SECONDS_A_DAY,
        path="/",
        secure=is_https(request),
        httponly=True,
        samesite="lax",
    )


def clear_session_cookie(request: Request, response: Response) -> None:
    """Take the session cookie back."""
    response.delete_cookie(
        _name(request), path="/", secure=is_https(request), httponly=True, samesite="lax"
    )


def client_address(request: Request) -> str:
    """The member's address: the peer's, or on a Unix socket the one that Caddy saw."""
    if request.client is not None:
        return request.client.host
    last = request.headers.get("x-forwarded-for", "").rpartition(",")[2].strip()
    try:
        return str(ipaddress.ip_address(last))
    except ValueError:
        return "unknown"


def refuse_cross_site(request: Request, *, cookie: bool) -> None:
    """NotAllowed for an unsafe request that another site made a browser send.

    A cookie comes along whoever wrote the form, so a request that stands on one must show that
    our own page sent it: browsers state that in Sec-Fetch-Site, which no script can set, and older
    ones in Origin. SameSite=Lax alone is not enough: it counts every port and sub-domain of this
    host as the same site. Without a cookie there is nothing to steal but the sign-in itself, so
    there only a request that says it is cross-site is refused, and curl may stay plain.
    """
    if request.method in _SAFE:
        return
    site = request.headers.get("sec-fetch-site")
    origin = request.headers.get("origin")
    if site is not None:
        ours = site in {"same-origin", "none"}
    elif origin is not None:
        ours = origin.partition("://")[2] == request.headers.get("host")
    else:
        ours = not cookie
    if not ours:
        raise NotAllowed(
            "this request came from another site's page",
            remedy="Open Hearth's own page and do it there; programs use a token.",
        )


def _name(request: Request) -> str:
    # The prefix makes browsers refuse a cookie that a sub-domain or plain HTTP tries to plant.
    return "__Host-hearth" if is_https(request) else "hearth"


def _settings(request: Request) -> Settings:
    settings: Settings = request.app.state.hub.settings
    return settings
