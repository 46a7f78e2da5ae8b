"""The hub as one channel reaches it: by its own socket, with the tokens of linked members."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any, Literal

import anyio
import httpx
from httpx_sse import aconnect_sse
from pydantic import TypeAdapter

from hearth.core.api import Action, TurnAccepted, TurnRequest
from hearth.core.errors import HearthError, Unavailable, from_problem
from hearth.core.people import Right
from hearth.core.turns import TURN_EVENT, DoneEvent, ErrorEvent, Message, TurnEvent
from hearth.hub.channel_door import LINK
from hearth.hub.shapes import Me, TelegramCodeSecret, TelegramLink

_ANSWER_SECONDS = 30.0
_QUIET_SECONDS = 60.0  # the hub sends a comment every 15
_PAUSE_SECONDS = 1.0
_ACTIONS = TypeAdapter(list[Action])


class HubChannel:
    """The hub's door for one pod's channel. Raises core.errors, the hub's words kept."""

    def __init__(self, socket: Path, pod: str) -> None:
        self.pod = pod
        self._http = httpx.AsyncClient(
            transport=httpx.AsyncHTTPTransport(uds=str(socket)),
            base_url="http://hub",
            timeout=_ANSWER_SECONDS,
        )

    async def close(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    async def link(self, code: str) -> TelegramLink:
        """What a one-time code is good for; NotSignedIn when it is none."""
        body = TelegramCodeSecret(code=code).model_dump()
        return TelegramLink.model_validate_json(await self.send("POST", LINK, "", json=body))

    def speaker(self, token: str) -> Speaker:
        """The pod as the member whose token this is."""
        return Speaker(self, token)

    async def send(self, method: str, path: str, token: str, **options: Any) -> bytes:
        """The body of the hub's answer."""
        try:
            response = await self._http.request(method, path, headers=_signed(token), **options)
        except httpx.TransportError as error:
            raise _away() from error
        if response.is_error:
            raise _refused(response)
        return response.content

    async def stream(
        self, path: str, token: str, after: int
    ) -> AsyncGenerator[tuple[int, TurnEvent]]:
        """A stream's numbered events after number `after`; it may break off before the end."""
        timeout = httpx.Timeout(_ANSWER_SECONDS, read=_QUIET_SECONDS)
        request: dict[str, Any] = {"params": {"after": after}, "headers": _signed(token)}
        try:
            async with aconnect_sse(self._http, "GET", path, timeout=timeout, **request) as source:
                if source.response.is_error:
                    await source.response.aread()
                    raise _refused(source.response)
                async for event in source.aiter_sse():
                    if event.data:  # httpx-sse also passes on comments, which keep it alive
                        yield int(event.id), TURN_EVENT.validate_json(event.data)
        except httpx.TransportError as error:
            raise _away() from error


class Speaker:
    """One member in the channel's pod."""

    def __init__(self, hub: HubChannel, token: str) -> None:
        self._hub = hub
        self._token = token
        self._path = f"/api/v1/pods/{hub.pod}"

    async def rights(self) -> frozenset[Right]:
        """What the member may do here now."""
        me = Me.model_validate_json(await self._hub.send("GET", "/api/v1/me", self._token))
        return me.pods.get(self._hub.pod, frozenset())

    async def ask(self, turn: str, text: str, conversation: str | None) -> TurnAccepted:
        """Put a question; the same `turn` again is the same question."""
        request = TurnRequest(id=turn, conversation=conversation, text=text)
        body = request.model_dump(mode="json")
        path = f"{self._path}/turns"
        return TurnAccepted.model_validate_json(
            await self._hub.send("POST", path, self._token, json=body)
        )

    async def events(self, turn: str) -> AsyncGenerator[TurnEvent]:
        """A turn's events to its end; a stream that breaks off is taken up again."""
        seen = 0
        while True:
            async for number, event in self._hub.stream(
                f"{self._path}/turns/{turn}/events", self._token, seen
            ):
                seen = number
                yield event
                if isinstance(event, DoneEvent | ErrorEvent):
                    return
            await anyio.sleep(_PAUSE_SECONDS)

    async def answer(self, turn: str) -> Message:
        """The pod's message, once the turn has ended; its error when it ended without one."""
        async for event in self.events(turn):
            if isinstance(event, DoneEvent):
                return event.message
            if isinstance(event, ErrorEvent):
                raise TurnFailed(event.message)
        raise _away()

    async def actions(self) -> list[Action]:
        """The member's proposals and what became of them, the newest first."""
        path = f"{self._path}/actions"
        return _ACTIONS.validate_json(await self._hub.send("GET", path, self._token))

    async def decide(self, proposal: str, word: Literal["confirm", "reject"]) -> Action:
        """Confirm or reject a proposal; the same word again changes nothing."""
        path = f"{self._path}/proposals/{proposal}/{word}"
        return Action.model_validate_json(await self._hub.send("POST", path, self._token))

    async def undo(self, action: str) -> Action:
        """Take a confirmed change back; once more changes nothing."""
        path = f"{self._path}/actions/{action}/undo"
        return Action.model_validate_json(await self._hub.send("POST", path, self._token))


class TurnFailed(HearthError):
    """The turn ended without an answer."""

    code = "turn_failed"


def _signed(token: str) -> dict[str, str]:
    return {"authorization": f"Bearer {token}"} if token else {}


def _away() -> Unavailable:
    return Unavailable("the house is not answering", remedy="It comes back by itself.")


def _refused(response: httpx.Response) -> HearthError:
    try:
        problem: dict[str, Any] = response.json()
    except json.JSONDecodeError:
        problem = {}
    otherwise = f"the hub answered with status {response.status_code}"
    if not problem and response.status_code >= 500:
        return Unavailable(otherwise)
    return from_problem(problem, otherwise)
