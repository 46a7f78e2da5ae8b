"""A turn as it happens: its events, each as the part of the page that it adds or replaces."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import APIRouter, Header
from sse_starlette import EventSourceResponse, ServerSentEvent

from hearth.core.api import Action
from hearth.core.errors import HearthError
from hearth.core.people import Right
from hearth.core.turns import (
    CitationEvent,
    DoneEvent,
    ErrorEvent,
    Message,
    Proposal,
    ProposalEvent,
    StartEvent,
    TokenEvent,
    ToolEvent,
    TurnEvent,
)
from hearth.web.lines import Line, card, lines
from hearth.web.view import CurrentView, Id, PodName, View
from hearth.web.words import marked

router = APIRouter(include_in_schema=False)
_HEADERS = {"cache-control": "no-store", "x-accel-buffering": "no"}


@router.get("/pods/{pod}/turns/{turn}/stream")
async def stream(
    view: CurrentView,
    pod: PodName,
    turn: Id,
    last_event_id: Annotated[int, Header(ge=0)] = 0,
) -> EventSourceResponse:
    """The turn's events after the last one that the page has seen, until it has ended."""
    view.door(pod, Right.ASK)  # a refusal comes before the stream begins
    return EventSourceResponse(_parts(view, pod, turn, last_event_id), headers=_HEADERS, ping=15)


async def _parts(view: View, pod: str, turn: str, after: int) -> AsyncIterator[ServerSentEvent]:
    try:
        async for number, event in view.hub.follow(view.visitor, pod, turn, after):
            name, part = await _part(view, pod, turn, event)
            yield ServerSentEvent(part, event=name, id=str(number))
    except HearthError as error:
        # The answer has begun, so this can no longer be told by a status.
        yield ServerSentEvent(_failure(view, pod, turn, str(error)), event="failed")


async def _part(view: View, pod: str, turn: str, event: TurnEvent) -> tuple[str, str]:
    """The event's name for the page, and its HTML.

    An ended turn without an answer is called `failed`: `error` is what a browser's EventSource
    calls a broken connection.
    """
    match event:
        case StartEvent():
            name, part = "start", view.part("parts/live_body.html", pod)
        case ToolEvent():
            name, part = "tool", view.part("parts/step.html", pod, event=event)
        case TokenEvent():
            name, part = "token", f"<span>{marked(event.text, {})}</span>"
        case CitationEvent():
            shown = view.part("parts/citation.html", pod, citation=event.citation)
            name, part = "citation", shown
        case ProposalEvent():
            name, part = "proposal", _proposed(view, pod, event.proposal)
        case DoneEvent():
            [line] = await lines(view, pod, [event.message], live=True)
            name, part = "done", view.part("parts/message.html", pod, line=line)
        case ErrorEvent():
            name, part = "failed", _failure(view, pod, turn, event.message)
    return name, part


def _proposed(view: View, pod: str, proposal: Proposal) -> str:
    action = Action(proposal=proposal, member=view.visitor.member.name, at=view.now())
    return view.part("parts/action.html", pod, card=card(view, pod, action))


def _failure(view: View, pod: str, turn: str, words: str) -> str:
    said = Message(id=turn, role="pod", text=words, at=view.now(), turn=turn, failed=True)
    return view.part("parts/message.html", pod, line=Line(said, live=True))
