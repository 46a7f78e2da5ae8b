"""The visitor, their pods, and questions put to them."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Annotated

from fastapi import APIRouter, Body, Depends, Header, Query
from sse_starlette import EventSourceResponse, ServerSentEvent

from hearth.core.api import Conversation, ConversationSummary, TurnAccepted, TurnRequest, TurnState
from hearth.core.errors import Unavailable
from hearth.core.people import Right
from hearth.core.turns import TurnEvent
from hearth.hub.api import examples
from hearth.hub.api.common import Id, Pod, Responses, refusals
from hearth.hub.auth import CurrentHub, CurrentVisitor
from hearth.hub.shapes import Me, PodCard

router = APIRouter(prefix="/api/v1", tags=["Asking"], responses=refusals(401))
_OF_A_POD = refusals(403, 404, 422, 503)
_EVENT_STREAM: Responses = {
    200: {
        "description": "The turn's events until it has ended; comments keep the line open.",
        "content": {
            "text/event-stream": {
                "schema": {"$ref": "#/components/schemas/TurnEvent"},
                "example": examples.EVENTS,
            }
        },
    }
}


def _last_seen(
    after: Annotated[int, Query(ge=0, description="The number of the last event seen.")] = 0,
    last_event_id: Annotated[int | None, Header(ge=0, description="As `after`.")] = None,
) -> int:
    # A browser that reconnects sends the header, and the address with which it began.
    return after if last_event_id is None else last_event_id


After = Annotated[int, Depends(_last_seen)]


@router.get("/me", summary="Who am I")
async def me(visitor: CurrentVisitor) -> Me:
    """The caller, how they came in, and their rights in each pod of theirs."""
    return Me.of(visitor)


@router.get("/pods", summary="List pods")
async def pods(hub: CurrentHub, visitor: CurrentVisitor) -> list[PodCard]:
    """The pods in which the caller has any right."""
    return hub.pods(visitor)


@router.post(
    "/pods/{pod}/turns",
    summary="Ask",
    status_code=202,
    responses=_OF_A_POD | refusals(409, 413, 429),
)
async def ask(
    hub: CurrentHub,
    visitor: CurrentVisitor,
    pod: Pod,
    body: Annotated[TurnRequest, Body(openapi_examples=examples.TURN)],
) -> TurnAccepted:
    """The message is on the pod's disk when this answers, and its turn runs from there.

    `id` is the sender's own choice: the same one sent again is the same message. A message has at
    most 32,768 bytes of UTF-8; a longer text is a document. Needs `ask`.
    """
    return await hub.ask(visitor, pod, body)


@router.get("/pods/{pod}/turns/{turn}", summary="See where a turn stands", responses=_OF_A_POD)
async def turn_state(hub: CurrentHub, visitor: CurrentVisitor, pod: Pod, turn: Id) -> TurnState:
    """The turn's state, and the pod's message once it has ended. Needs `ask`."""
    return await hub.door(visitor, pod, Right.ASK).turn(turn)


@router.get(
    "/pods/{pod}/turns/{turn}/events",
    summary="Follow a turn",
    response_class=EventSourceResponse,
    responses=_OF_A_POD | _EVENT_STREAM,
)
async def events(
    hub: CurrentHub,
    visitor: CurrentVisitor,
    pod: Pod,
    turn: Id,
    after: After,
) -> EventSourceResponse:
    """Server-sent events: `start`, `tool`, `token`, `citation`, `proposal`, then `done` or `error`.

    Each has its number as `id`, its type as `event` and its JSON as `data`. A stream that breaks
    off without `done` or `error` is taken up again with `Last-Event-ID` or `after`. A `start` with
    a higher `attempt` makes void what came before it. Needs `ask`.
    """
    await hub.door(visitor, pod, Right.ASK).turn(turn)
    return EventSourceResponse(_stream(hub.follow(visitor, pod, turn, after)), sep="\n", ping=15)


@router.get("/pods/{pod}/conversations", summary="List conversations", responses=_OF_A_POD)
async def conversations(
    hub: CurrentHub, visitor: CurrentVisitor, pod: Pod
) -> list[ConversationSummary]:
    """The caller's own conversations, the newest first. Needs `ask`."""
    return await hub.door(visitor, pod, Right.ASK).conversations()


@router.get(
    "/pods/{pod}/conversations/{conversation}", summary="Read a conversation", responses=_OF_A_POD
)
async def conversation(
    hub: CurrentHub, visitor: CurrentVisitor, pod: Pod, conversation: Id
) -> Conversation:
    """One of the caller's own conversations with all its messages. Needs `ask`."""
    return await hub.door(visitor, pod, Right.ASK).conversation(conversation)


@router.delete(
    "/pods/{pod}/conversations/{conversation}",
    summary="Forget a conversation",
    status_code=204,
    responses=_OF_A_POD,
)
async def forget(hub: CurrentHub, visitor: CurrentVisitor, pod: Pod, conversation: Id) -> None:
    """Deletes a conversation with everything said in it. Needs `ask`."""
    await hub.door(visitor, pod, Right.ASK).forget(conversation)


async def _stream(
    events: AsyncGenerator[tuple[int, TurnEvent]],
) -> AsyncGenerator[ServerSentEvent]:
    try:
        async with aclosing(events):
            async for number, event in events:
                yield ServerSentEvent(event.model_dump_json(), event=event.type, id=str(number))
    except Unavailable as error:
        # Not an `error` event, which would end the turn: the reader takes it up again later.
        yield ServerSentEvent(comment=f"broken off: {error}")
