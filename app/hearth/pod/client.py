"""The hub's way into a pod: one signed request at a time over the pod's Unix socket."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any, Literal, TypeVar
from urllib.parse import quote

import httpx
from httpx_sse import aconnect_sse
from pydantic import BaseModel, TypeAdapter

from hearth.core import errors
from hearth.core.api import (
    Action,
    Conversation,
    ConversationSummary,
    DocumentInfo,
    PodStatus,
    SourceView,
    SyncReport,
    TurnAccepted,
    TurnRequest,
    TurnState,
)
from hearth.core.people import Caller
from hearth.core.turns import TURN_EVENT, TurnEvent
from hearth.pod import grants

_Shape = TypeVar("_Shape", bound=BaseModel)
_BY_CODE: dict[str, type[errors.HearthError]] = {
    kind.code: kind
    for kind in (
        errors.BadInput,
        errors.TooLarge,
        errors.NotSignedIn,
        errors.NotAllowed,
        errors.NotFound,
        errors.Conflict,
        errors.Busy,
        errors.Unavailable,
        errors.StorageFull,
        errors.Damaged,
    )
}


class PodClient:
    """A pod's socket and the key that it shares with the hub. `door(caller)` speaks for one."""

    def __init__(self, socket: Path, key: bytes) -> None:
        self._key = key
        transport = httpx.AsyncHTTPTransport(uds=str(socket))
        self._http = httpx.AsyncClient(transport=transport, base_url="http://pod", timeout=30)

    def door(self, caller: Caller) -> PodDoor:
        """The pod as `caller` may use it."""
        return PodDoor(self._http, self._key, caller)

    async def close(self) -> None:
        """Close the connections."""
        await self._http.aclose()


class PodDoor:
    """Everything that a member can ask of a pod. Raises core.errors, the pod's own words kept."""

    def __init__(self, http: httpx.AsyncClient, key: bytes, caller: Caller) -> None:
        self._http = http
        self._key = key
        self.caller = caller

    async def accept(self, request: TurnRequest) -> TurnAccepted:
        """Put a message on the pod's disk; its turn runs from there."""
        return await self._json("POST", "/turns", TurnAccepted, request.model_dump_json().encode())

    async def turn(self, turn: str) -> TurnState:
        """Where a turn stands."""
        return await self._json("GET", f"/turns/{_segment(turn)}", TurnState)

    async def events(self, turn: str, after: int = 0) -> AsyncGenerator[tuple[int, TurnEvent]]:
        """A turn's numbered events after number `after`, as they come; ends with the turn."""
        request = self._request("GET", f"/turns/{_segment(turn)}/events?after={after}")
        try:
            async with aconnect_sse(
                self._http,
                request.method,
                request.url,  # type: ignore[arg-type]
                headers=request.headers,
                timeout=httpx.Timeout(30, read=None),
            ) as source:
                if source.response.is_error:
                    await source.response.aread()
                    raise _error(source.response)
                async for event in source.aiter_sse():
                    if event.data:  # httpx-sse also passes on comments, which keep a stream alive
                        yield int(event.id), TURN_EVENT.validate_json(event.data)
        except httpx.TransportError as error:
            raise self._unreachable() from error

    async def conversations(self) -> list[ConversationSummary]:
        """The member's own conversations, newest first."""
        return await self._list("/conversations", ConversationSummary)

    async def conversation(self, conversation: str) -> Conversation:
        """One of the member's own conversations, whole."""
        return await self._json("GET", f"/conversations/{_segment(conversation)}", Conversation)

    async def forget(self, conversation: str) -> None:
        """Delete a conversation with everything said in it."""
        await self._send("DELETE", f"/conversations/{_segment(conversation)}")

    async def decide(self, proposal: str, word: Literal["confirm", "reject"]) -> Action:
        """Confirm or reject a proposal; the same word twice does nothing the second time."""
        return await self._json("POST", f"/proposals/{_segment(proposal)}/{word}", Action)

    async def undo(self, action: str) -> Action:
        """Take a confirmed change back."""
        return await self._json("POST", f"/actions/{_segment(action)}/undo", Action)

    async def actions(self) -> list[Action]:
        """The pod's proposals and what became of them, newest first."""
        return await self._list("/actions", Action)

    async def source(self, ref: str) -> SourceView:
        """A citation's source, opened at the place."""
        return await self._json("GET", f"/sources/{_segment(ref)}", SourceView)

    async def documents(self) -> list[DocumentInfo]:
        """What the pod has read, and what it could not."""
        return await self._list("/documents", DocumentInfo)

    async def upload(self, name: str, data: bytes) -> DocumentInfo:
        """Add a file to the pod's documents."""
        target = f"/documents?name={quote(name, safe='')}"
        return await self._json("POST", target, DocumentInfo, data)

    async def sync(self) -> SyncReport:
        """Read what changed in the pod's source folders."""
        return await self._json("POST", "/sync", SyncReport, seconds=600)

    async def status(self) -> PodStatus:
        """The pod's account of itself."""
        return await self._json("GET", "/status", PodStatus)

    async def _json(
        self,
        method: str,
        target: str,
        shape: type[_Shape],
        body: bytes = b"",
        seconds: float = 30,
    ) -> _Shape:
        response = await self._send(method, target, body, seconds)
        return shape.model_validate_json(response.content)

    async def _list(self, target: str, shape: type[_Shape]) -> list[_Shape]:
        response = await self._send("GET", target)
        return TypeAdapter(list[shape]).validate_json(response.content)  # type: ignore[valid-type]

    async def _send(
        self, method: str, target: str, body: bytes = b"", seconds: float = 30
    ) -> httpx.Response:
        request = self._request(method, target, body)
        request.extensions["timeout"] = httpx.Timeout(seconds).as_dict()
        try:
            response = await self._http.send(request)
        except httpx.TransportError as error:
            raise self._unreachable() from error
        if response.is_error:
            raise _error(response)
        return response

    def _request(self, method: str, target: str, body: bytes = b"") -> httpx.Request:
        request = self._http.build_request(method, target, content=body)
        sent = request.url.raw_path.decode()
        grant = grants.sign(self._key, self.caller, grants.digest(method, sent, body))
        request.headers["authorization"] = f"Bearer {grant}"
        return request

    def _unreachable(self) -> errors.Unavailable:
        return errors.Unavailable(
            f"the pod {self.caller.pod!r} is not answering",
            remedy="It restarts by itself; try again in a moment.",
            retry_after=2,
        )


def _segment(text: str) -> str:
    # What a member sends as an id must not become another path or a query.
    return quote(text, safe=":")


def _error(response: httpx.Response) -> errors.HearthError:
    try:
        problem: dict[str, Any] = response.json()
    except json.JSONDecodeError:
        problem = {}
    kind = _BY_CODE.get(str(problem.get("code")), errors.Unavailable)
    retry_after = response.headers.get("retry-after")
    return kind(
        str(problem.get("detail") or "the pod answered in a way that is not understood"),
        where=problem.get("where"),
        remedy=problem.get("remedy"),
        retry_after=float(retry_after) if retry_after else None,
    )
