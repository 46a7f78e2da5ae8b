"""The pod's HTTP interface, for the hub alone. Every request carries the hub's grant."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Annotated, Literal

from fastapi import Depends, FastAPI, Query, Request, Response
from fastapi.responses import JSONResponse
from sse_starlette import EventSourceResponse, ServerSentEvent

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
from hearth.core.errors import BadInput, HearthError, NotAllowed, NotFound, TooLarge
from hearth.core.people import Caller, Right
from hearth.guard.inbound import readable
from hearth.pod import grants
from hearth.pod.actions import Actions
from hearth.pod.inbox import Inbox
from hearth.pod.runner import TurnRunner
from hearth.pod.talks import Conversations

_JSON_BYTES = 200_000


@dataclass(frozen=True)
class Pod:
    """A pod's parts, as `services` put them together."""

    name: str
    grant_key: bytes
    runner: TurnRunner
    conversations: Conversations
    actions: Actions
    inbox: Inbox
    openers: Mapping[str, Callable[[str], SourceView]]
    status: Callable[[], PodStatus]
    upload_bytes: int
    forgotten: Callable[[], Awaitable[None]]  # told when something said or kept here was deleted


async def _caller(request: Request) -> Caller:
    pod: Pod = request.app.state.pod
    limit = pod.upload_bytes if request.url.path == "/documents" else _JSON_BYTES
    body = bytearray()
    async for piece in request.stream():
        body += piece
        if len(body) > limit:
            raise TooLarge(f"the request is larger than {limit:,} bytes")
    request.state.body = bytes(body)
    target = request.scope["raw_path"].decode()
    if query := request.scope["query_string"].decode():
        target = f"{target}?{query}"
    token = request.headers.get("authorization", "").removeprefix("Bearer ")
    signed = grants.digest(request.method, target, request.state.body)
    return grants.verify(pod.grant_key, pod.name, token, signed)


def _requiring(right: Right) -> Callable[[Caller], Caller]:
    def check(caller: Annotated[Caller, Depends(_caller)]) -> Caller:
        if not caller.may(right):
            raise NotAllowed(
                f"you do not have the right to {right.value} in this pod",
                remedy="Its owner can give it to you under House › Members.",
            )
        return caller

    return check


def _pod(request: Request) -> Pod:
    pod: Pod = request.app.state.pod
    return pod


ThePod = Annotated[Pod, Depends(_pod)]
Asker = Annotated[Caller, Depends(_requiring(Right.ASK))]
Reader = Annotated[Caller, Depends(_requiring(Right.READ))]
Confirmer = Annotated[Caller, Depends(_requiring(Right.CONFIRM))]
Manager = Annotated[Caller, Depends(_requiring(Right.MANAGE))]


def create_app(pod: Pod) -> FastAPI:
    """The pod's application."""
    app = FastAPI(title=f"Hearth pod {pod.name}", docs_url=None, redoc_url=None)
    app.state.pod = pod
    app.add_exception_handler(HearthError, _problem)
    _add_turns(app)
    _add_actions(app)
    _add_documents(app)
    return app


def _problem(request: Request, error: Exception) -> Response:
    if not isinstance(error, HearthError):
        raise error
    headers = {"Retry-After": f"{error.retry_after:.0f}"} if error.retry_after else {}
    return JSONResponse(
        error.problem(), error.status, headers, media_type="application/problem+json"
    )


def _add_turns(app: FastAPI) -> None:
    @app.post("/turns", status_code=202)
    async def accept(pod: ThePod, caller: Asker, request: Request) -> TurnAccepted:
        turn = TurnRequest.model_validate_json(request.state.body)
        verdict = readable(turn.text)
        if not verdict.allowed:
            kind = TooLarge if verdict.code == "too_large" else BadInput
            raise kind(verdict.reason)
        return await pod.runner.accept(turn, caller)

    @app.get("/turns/{turn}")
    async def state(pod: ThePod, caller: Asker, turn: str) -> TurnState:
        return await pod.runner.state(turn, caller)

    @app.get("/turns/{turn}/events")
    async def events(
        pod: ThePod, caller: Asker, turn: str, after: Annotated[int, Query(ge=0)] = 0
    ) -> EventSourceResponse:
        await pod.runner.state(turn, caller)  # refuse before the stream begins

        async def stream() -> AsyncIterator[ServerSentEvent]:
            async for number, event in pod.runner.events(turn, caller, after):
                yield ServerSentEvent(
                    id=str(number), event=event.type, data=event.model_dump_json()
                )

        return EventSourceResponse(stream(), ping=15)

    @app.get("/conversations")
    async def listed(pod: ThePod, caller: Asker) -> list[ConversationSummary]:
        return await asyncio.to_thread(pod.conversations.list, caller)

    @app.get("/conversations/{conversation}")
    async def opened(pod: ThePod, caller: Asker, conversation: str) -> Conversation:
        return await asyncio.to_thread(pod.conversations.get, conversation, caller)

    @app.delete("/conversations/{conversation}", status_code=204)
    async def forgotten(pod: ThePod, caller: Asker, conversation: str) -> None:
        await asyncio.to_thread(pod.conversations.forget, conversation, caller)
        await pod.forgotten()


def _add_actions(app: FastAPI) -> None:
    @app.get("/actions")
    async def listed(pod: ThePod, caller: Asker) -> list[Action]:
        return await asyncio.to_thread(pod.actions.list, caller)

    @app.post("/proposals/{proposal}/{word}")
    async def decide(
        pod: ThePod, caller: Confirmer, proposal: str, word: Literal["confirm", "reject"]
    ) -> Action:
        decision = pod.actions.confirm if word == "confirm" else pod.actions.reject
        return await asyncio.to_thread(decision, proposal, caller)

    @app.post("/actions/{action}/undo")
    async def undo(pod: ThePod, caller: Confirmer, action: str) -> Action:
        undone = await asyncio.to_thread(pod.actions.undo, action, caller)
        await pod.forgotten()
        return undone


def _add_documents(app: FastAPI) -> None:
    @app.get("/sources/{ref:path}")
    async def source(pod: ThePod, caller: Reader, ref: str) -> SourceView:
        kind, _, key = ref.partition(":")
        if kind not in pod.openers:
            raise NotFound("there is no such source")
        return await asyncio.to_thread(pod.openers[kind], key)

    @app.get("/documents")
    async def listed(pod: ThePod, caller: Reader) -> list[DocumentInfo]:
        return await asyncio.to_thread(pod.inbox.documents)

    @app.post("/documents", status_code=201)
    async def upload(
        pod: ThePod,
        caller: Manager,
        request: Request,
        name: Annotated[str, Query(min_length=1, max_length=255)],
    ) -> DocumentInfo:
        return await pod.inbox.add("upload", name, request.state.body)

    @app.post("/sync")
    async def sync(pod: ThePod, caller: Manager) -> SyncReport:
        return await pod.inbox.sync()

    @app.get("/status")
    async def status(pod: ThePod, caller: Asker) -> PodStatus:
        return await asyncio.to_thread(pod.status)
