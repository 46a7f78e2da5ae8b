"""Conversations: reading them, asking in them, asking again, deleting them."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Form, Response
from pydantic import ValidationError

from hearth.core.api import Conversation, ConversationSummary, TurnRequest
from hearth.core.errors import BadInput, NotFound
from hearth.core.people import Right
from hearth.core.turns import Message
from hearth.web.lines import Line, lines
from hearth.web.templating import go
from hearth.web.view import CurrentView, Id, PodName, View

router = APIRouter(include_in_schema=False)
MessageId = Annotated[str, Form(pattern=r"^[0-9a-f]{32}$")]


@router.get("/pods/{pod}")
async def new_conversation(view: CurrentView, pod: PodName) -> Response:
    """The pod with nothing said yet."""
    view.pod(pod)
    past = await view.door(pod, Right.ASK).conversations()
    return view.page("chat.html", pod, conversation=None, conversations=past)


@router.get("/pods/{pod}/conversations/{conversation}")
async def conversation(view: CurrentView, pod: PodName, conversation: Id) -> Response:
    """A conversation, as far as it has come."""
    door = view.door(pod, Right.ASK)
    found = await door.conversation(conversation)
    return view.page(
        "chat.html",
        pod,
        conversation=found,
        conversations=await door.conversations(),
        lines=await lines(view, pod, found.messages),
    )


@router.post("/pods/{pod}/turns")
async def ask(
    view: CurrentView,
    pod: PodName,
    id: MessageId,  # noqa: A002 - the field's name
    text: Annotated[str, Form()] = "",
    conversation: Annotated[str, Form()] = "",
) -> Response:
    """Put a question; the answer comes over the turn's stream."""
    return await _ask(view, pod, id, text, conversation or None)


@router.post("/pods/{pod}/turns/{turn}/again")
async def ask_again(
    view: CurrentView,
    pod: PodName,
    turn: Id,
    id: MessageId,  # noqa: A002 - the field's name
) -> Response:
    """Put the question of a failed turn once more, under a new id."""
    door = view.door(pod, Right.ASK)
    state = await door.turn(turn)
    found = await door.conversation(state.conversation)
    return await _ask(view, pod, id, _question(found, turn), found.id)


@router.post("/pods/{pod}/conversations/{conversation}/forget")
async def forget(view: CurrentView, pod: PodName, conversation: Id) -> Response:
    """Delete a conversation with everything said in it."""
    await view.door(pod, Right.ASK).forget(conversation)
    return go(view.request, f"/pods/{pod}")


async def _ask(view: View, pod: str, id_: str, text: str, conversation: str | None) -> Response:
    request = _request(id_, text, conversation)
    accepted = await view.hub.ask(view.visitor, pod, request)
    said = Message(id=id_, role="member", text=request.text, at=view.now(), turn=accepted.turn)
    past = await view.door(pod, Right.ASK).conversations()
    address = f"/pods/{pod}/conversations/{accepted.conversation}"
    return view.answer(
        "parts/exchange.html",
        pod,
        otherwise=address,
        headers={} if conversation else {"HX-Push-Url": address},
        line=Line(said),
        turn=accepted.turn,
        first=conversation is None,
        conversation=_summary(past, accepted.conversation),
        conversations=past,
    )


def _request(id_: str, text: str, conversation: str | None) -> TurnRequest:
    if not text.strip():
        raise BadInput("there is nothing to send yet", remedy="Write a question first.")
    try:
        return TurnRequest(id=id_, text=text.strip(), conversation=conversation)
    except ValidationError as error:
        raise BadInput("this page is out of date", remedy="Reload it and send again.") from error


def _question(conversation: Conversation, turn: str) -> str:
    for message in conversation.messages:
        if message.turn == turn and message.role == "member":
            return message.text
    raise NotFound("the question of this answer is gone", remedy="Write it again.")


def _summary(past: list[ConversationSummary], conversation: str) -> ConversationSummary | None:
    return next((each for each in past if each.id == conversation), None)
