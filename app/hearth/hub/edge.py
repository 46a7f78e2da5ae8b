"""What stands before every route: a bound on bodies, and headers that keep browsers careful."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from starlette.datastructures import Headers, MutableHeaders

from hearth.core.errors import HearthError, TooLarge
from hearth.hub.problems import LengthRequired, is_api, problem_response

Scope = MutableMapping[str, Any]
ASGI = Callable[[Scope, Any, Any], Awaitable[None]]

JSON_BYTES = 1_048_576  # the longest message escaped as JSON, and a chat client's history
FORM_BYTES = 65_536  # what a multipart form adds around its file
_EVERYWHERE = {"x-content-type-options": "nosniff", "referrer-policy": "no-referrer"}
_API = {
    "cache-control": "no-store",
    "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
    "cross-origin-resource-policy": "same-origin",
}


class BodyBound:
    """Refuses a body that is too long, or of unknown length, before a byte of it is read."""

    def __init__(self, app: ASGI, file_bytes: int) -> None:
        self.app = app
        self.file_bytes = file_bytes

    async def __call__(self, scope: Scope, receive: Any, send: Any) -> None:
        error = self._fault(Headers(scope=scope)) if scope["type"] == "http" else None
        if error is not None:
            await problem_response(scope["path"], error)(scope, receive, send)
            return
        await self.app(scope, receive, send)

    def _fault(self, headers: Headers) -> HearthError | None:
        if "transfer-encoding" in headers:
            return LengthRequired(
                "the request does not say how long its body is",
                where="Content-Length",
                remedy="Send the body whole, with its length, and not in chunks.",
            )
        form = headers.get("content-type", "").startswith("multipart/form-data")
        limit = self.file_bytes + FORM_BYTES if form else JSON_BYTES
        length = headers.get("content-length", "0")
        if length.isdigit() and int(length) <= limit:
            return None
        return TooLarge(
            f"the request's body is longer than the {limit:,} bytes that are accepted",
            remedy="Split the file."
            if form
            else "Add a long text as a document, and ask about that.",
        )


class SafeHeaders:
    """Adds security headers to what does not set its own; pages bring a policy of theirs."""

    def __init__(self, app: ASGI) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        wanted = _EVERYWHERE | _API if is_api(scope["path"]) else _EVERYWHERE

        async def with_headers(message: MutableMapping[str, Any]) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in wanted.items():
                    headers.setdefault(name, value)
            await send(message)

        await self.app(scope, receive, with_headers)
