"""The hub's console socket: the box's own door, where whoever may open the socket is trusted."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, TypeVar
from uuid import uuid4

import httpx
from httpx_sse import connect_sse
from pydantic import BaseModel, TypeAdapter

from hearth.config import Settings
from hearth.core import errors
from hearth.core.api import Action, DocumentInfo, PodStatus, SyncReport, TurnAccepted, TurnRequest
from hearth.core.errors import HearthError, Unavailable
from hearth.core.turns import TURN_EVENT, DoneEvent, ErrorEvent, TurnEvent
from hearth.hub.shapes import Me, PodCard, SignInLink, TelegramCode

Shape = TypeVar("Shape", bound=BaseModel)
_ANSWER_SECONDS = 30.0
_QUIET_SECONDS = 60.0  # the hub sends a comment every 15
_SYNC_SECONDS = 1_800.0
_PAUSES = (0.2, 0.5, 1.0, 2.0, 4.0, 8.0)  # seconds until a broken stream is taken up again
_KINDS: dict[str, type[HearthError]] = {
    kind.code: kind
    for kind in vars(errors).values()
    if isinstance(kind, type) and issubclass(kind, HearthError)
}


class HubConsole:
    """The hub as one member at the box's console. Raises core.errors, the hub's words kept."""

    def __init__(self, settings: Settings, login: str | None = None) -> None:
        self._socket = settings.socket("hub", "console")
        self._http = httpx.Client(
            transport=httpx.HTTPTransport(uds=str(self._socket)),
            base_url="http://hub/api/v1",
            headers={"x-hearth-member": login} if login else {},
            timeout=_ANSWER_SECONDS,
        )

    def __enter__(self) -> HubConsole:
        if not self._socket.exists():
            raise _not_running()
        return self

    def __exit__(self, *_: object) -> None:
        self._http.close()

    def me(self) -> Me:
        """Who speaks."""
        return self._one("GET", "/me", Me)

    def pods(self) -> list[PodCard]:
        """The pods in which the member has any right."""
        return self._many("/pods", PodCard)

    def sign_in_link(self, member: str) -> SignInLink:
        """A link that signs the member with this id in, once."""
        return self._one("POST", f"/members/{member}/sign-in-link", SignInLink, json={})

    def telegram_code(self, pod: str) -> TelegramCode:
        """A one-time code for the pod's Telegram bot."""
        return self._one("POST", f"/pods/{pod}/telegram/code", TelegramCode)

    def ask(self, pod: str, text: str, conversation: str | None = None) -> TurnAccepted:
        """Put a question; it is on disk when this returns."""
        request = TurnRequest(id=uuid4().hex, conversation=conversation, text=text)
        body = request.model_dump(mode="json")
        return self._one("POST", f"/pods/{pod}/turns", TurnAccepted, json=body)

    def events(self, pod: str, turn: str) -> Iterator[TurnEvent]:
        """A turn's events to its end; a stream that breaks off is taken up again."""
        seen, failures = 0, 0
        while True:
            try:
                for number, event in self._stream(f"/pods/{pod}/turns/{turn}/events", seen):
                    seen, failures = number, 0
                    yield event
                    if isinstance(event, DoneEvent | ErrorEvent):
                        return
            except Unavailable:
                if failures == len(_PAUSES):
                    raise
            if failures == len(_PAUSES):
                raise _away()
            time.sleep(_PAUSES[failures])
            failures += 1

    def decide(self, pod: str, proposal: str, word: str) -> Action:
        """`confirm` or `reject` a proposal."""
        return self._one("POST", f"/pods/{pod}/proposals/{proposal}/{word}", Action)

    def undo(self, pod: str, action: str) -> Action:
        """Take a confirmed change back."""
        return self._one("POST", f"/pods/{pod}/actions/{action}/undo", Action)

    def status(self, pod: str) -> PodStatus:
        """The pod's account of itself."""
        return self._one("GET", f"/pods/{pod}/status", PodStatus)

    def sync(self, pod: str) -> SyncReport:
        """Read what changed in the pod's source folders."""
        return self._one("POST", f"/pods/{pod}/sync", SyncReport, timeout=_SYNC_SECONDS)

    def upload(self, pod: str, name: str, data: bytes) -> DocumentInfo:
        """Add a file to the pod's documents."""
        files = {"file": (name, data)}
        return self._one("POST", f"/pods/{pod}/documents", DocumentInfo, files=files)

    def _one(self, method: str, path: str, shape: type[Shape], **options: Any) -> Shape:
        return shape.model_validate_json(self._send(method, path, **options).content)

    def _many(self, path: str, shape: type[Shape]) -> list[Shape]:
        return TypeAdapter(list[shape]).validate_json(self._send("GET", path).content)  # type: ignore[valid-type]

    def _send(self, method: str, path: str, **options: Any) -> httpx.Response:
        with _reaching():
            response = self._http.request(method, path, **options)
        if response.is_error:
            raise _problem(response)
        return response

    def _stream(self, path: str, after: int) -> Iterator[tuple[int, TurnEvent]]:
        timeout = httpx.Timeout(_ANSWER_SECONDS, read=_QUIET_SECONDS)
        with (
            _reaching(),
            connect_sse(
                self._http, "GET", path, params={"after": after}, timeout=timeout
            ) as source,
        ):
            if source.response.is_error:
                source.response.read()
                raise _problem(source.response)
            for event in source.iter_sse():
                if event.data:  # httpx-sse also passes on comments, which keep a stream alive
                    yield int(event.id), TURN_EVENT.validate_json(event.data)


def ending(event: ErrorEvent) -> HearthError:
    """The error that a turn ended with."""
    other = Unavailable if event.retryable else HearthError
    return _KINDS.get(event.code, other)(event.message)


@contextmanager
def _reaching() -> Iterator[None]:
    try:
        yield
    except httpx.ConnectError as error:
        raise _not_running() from error
    except httpx.TransportError as error:
        raise _away() from error


def _not_running() -> Unavailable:
    remedy = "Start it with `hearth up` (or `make run`)."
    return Unavailable("Hearth is not running", remedy=remedy)


def _away() -> Unavailable:
    remedy = "Try again; `hearth doctor` looks closer."
    return Unavailable("the hub is not answering", remedy=remedy)


def _problem(response: httpx.Response) -> HearthError:
    try:
        problem: dict[str, Any] = response.json()
    except json.JSONDecodeError:
        problem = {}
    kind = _KINDS.get(str(problem.get("code")), HearthError)
    detail = problem.get("detail") or f"the hub answered with status {response.status_code}"
    return kind(str(detail), where=problem.get("where"), remedy=problem.get("remedy"))
