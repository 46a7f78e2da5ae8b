"""What the hub opens to the program of one channel: its own pod, by the tokens of its members."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from starlette.datastructures import Headers

from hearth.core.errors import NotFound
from hearth.hub.problems import problem_response

Scope = MutableMapping[str, Any]
ASGI = Callable[[Scope, Any, Any], Awaitable[None]]
LINK = "/api/v1/telegram/link"


class ChannelDoor:
    """Passes a channel's requests on where they are its own; nothing else exists for it.

    Without it a stolen channel could try passwords, and name any address as the one they come from.
    """

    def __init__(self, app: ASGI, pod: str) -> None:
        self.app = app
        self._pod = f"/api/v1/pods/{pod}/"

    async def __call__(self, scope: Scope, receive: Any, send: Any) -> None:
        if scope["type"] == "http" and not self._is_open(scope):
            refusal = problem_response(scope["path"], NotFound("there is nothing at this address"))
            await refusal(scope, receive, send)
            return
        await self.app(scope, receive, send)

    def _is_open(self, scope: Scope) -> bool:
        path = scope["path"]
        signed = "authorization" in Headers(scope=scope)
        return path == LINK or (signed and (path == "/api/v1/me" or path.startswith(self._pod)))
