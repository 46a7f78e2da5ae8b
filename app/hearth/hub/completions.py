"""A pod in the words of OpenAI's chat completions: one request is one turn of a conversation."""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Any, Literal
from uuid import uuid4

from pydantic import BaseModel, ConfigDict, Field

from hearth.core.api import TurnAccepted, TurnRequest
from hearth.core.errors import BadInput, HearthError, Unavailable
from hearth.core.people import Frozen
from hearth.core.turns import (
    Citation,
    DoneEvent,
    ErrorEvent,
    Proposal,
    StartEvent,
    TokenEvent,
    TurnEvent,
)

Events = AsyncGenerator[tuple[int, TurnEvent]]


class Part(BaseModel):
    """A part of a message; a pod takes text."""

    type: str
    text: str = ""


class ChatMessage(BaseModel):
    """A message as OpenAI's clients send it."""

    role: Literal["system", "developer", "user", "assistant", "tool", "function"]
    content: str | list[Part] | None = None


class Metadata(BaseModel):
    """What a client may send along; `conversation` goes on with one."""

    model_config = ConfigDict(extra="ignore")
    conversation: str | None = Field(default=None, pattern=r"^[0-9a-f]{32}$")


class CompletionRequest(BaseModel):
    """A chat completion request. Sampling settings are the pod's own; they are read over."""

    model_config = ConfigDict(extra="ignore")
    model: str = Field(description="The pod's name.")
    messages: list[ChatMessage] = Field(min_length=1)
    stream: bool = False
    n: int | None = Field(default=None, description="1 at most.")
    tools: list[dict[str, Any]] | None = Field(default=None, description="Refused.")
    metadata: Metadata | None = None


class Extension(Frozen):
    """What OpenAI's form has no place for: the conversation, sources and proposals."""

    conversation: str
    turn: str
    citations: tuple[Citation, ...] = ()
    proposals: tuple[Proposal, ...] = ()


class Said(Frozen):
    """The pod's message."""

    role: Literal["assistant"] = "assistant"
    content: str


class Choice(Frozen):
    """The one answer."""

    index: int = 0
    message: Said
    finish_reason: Literal["stop"] = "stop"


class Completion(Frozen):
    """A chat completion with Hearth's extension."""

    id: str
    object: Literal["chat.completion"] = "chat.completion"
    created: int
    model: str
    choices: tuple[Choice, ...]
    hearth: Extension


class Model(Frozen):
    """A pod as a model."""

    id: str
    object: Literal["model"] = "model"
    created: int = 0
    owned_by: str = "hearth"


class ModelList(Frozen):
    """The pods that the caller may ask."""

    object: Literal["list"] = "list"
    data: tuple[Model, ...]


class TurnFailed(HearthError):
    """The turn ended without an answer."""

    code = "turn_failed"
    status = 502
    retryable = True


def question(request: CompletionRequest, conversation: str | None) -> TurnRequest:
    """The turn that a request asks for: its last user message, in a new conversation or that one.

    BadInput for what a pod cannot honour.
    """
    if request.tools:
        raise BadInput(
            "a pod brings its own tools and takes no others",
            where="tools",
            remedy="Leave `tools` out.",
        )
    if (request.n or 1) != 1:
        raise BadInput("a pod gives one answer", where="n", remedy="Leave `n` out.")
    asked = [message for message in request.messages if message.role == "user"]
    text = _text(asked[-1]) if asked else ""
    if not text.strip():
        raise BadInput(
            "there is no question", where="messages", remedy="Send a message of the role `user`."
        )
    metadata = request.metadata or Metadata()
    return TurnRequest(
        id=uuid4().hex, conversation=metadata.conversation or conversation, text=text
    )


async def completion(pod: str, accepted: TurnAccepted, events: Events) -> Completion:
    """The whole answer, once the turn has ended; TurnFailed if it ended without one."""
    async with aclosing(events):
        async for _, event in events:
            if isinstance(event, ErrorEvent):
                raise TurnFailed(event.message, where=event.code)
            if isinstance(event, DoneEvent):
                return Completion(
                    id=_completion_id(accepted),
                    created=int(time.time()),
                    model=pod,
                    choices=(Choice(message=Said(content=event.message.text)),),
                    hearth=_extension(accepted, event),
                )
    raise Unavailable(
        "the pod stopped before its answer was complete",
        remedy="Ask GET /api/v1/pods/…/turns/… for it.",
    )


async def chunks(
    pod: str, accepted: TurnAccepted, events: Events
) -> AsyncGenerator[dict[str, Any]]:
    """The answer as `chat.completion.chunk` objects; Unavailable if what was sent became void."""
    frame = {
        "id": _completion_id(accepted),
        "object": "chat.completion.chunk",
        "created": int(time.time()),
        "model": pod,
    }
    yield frame | _delta({"role": "assistant", "content": ""})
    spoken = False
    async with aclosing(events):
        async for _, event in events:
            if isinstance(event, StartEvent) and spoken:
                # This form cannot take words back.
                raise Unavailable(
                    "the pod was interrupted and began its answer anew",
                    remedy=f"Read it at /api/v1/pods/{pod}/turns/{accepted.turn}.",
                )
            if isinstance(event, TokenEvent):
                spoken = True
                yield frame | _delta({"content": event.text})
            elif isinstance(event, ErrorEvent):
                raise TurnFailed(event.message, where=event.code)
            elif isinstance(event, DoneEvent):
                extension = _extension(accepted, event).model_dump(mode="json")
                yield frame | _delta({}, "stop") | {"hearth": extension}


def _text(message: ChatMessage) -> str:
    if not isinstance(message.content, list):
        return message.content or ""
    for part in message.content:
        if part.type != "text":
            raise BadInput(
                f"a pod reads text in a question, not {part.type!r}",
                where="messages",
                remedy="Add other files as documents.",
            )
    return "\n".join(part.text for part in message.content)


def _delta(delta: dict[str, Any], finish: str | None = None) -> dict[str, Any]:
    return {"choices": [{"index": 0, "delta": delta, "finish_reason": finish}]}


def _extension(accepted: TurnAccepted, event: DoneEvent) -> Extension:
    return Extension(
        conversation=accepted.conversation,
        turn=accepted.turn,
        citations=event.message.citations,
        proposals=event.message.proposals,
    )


def _completion_id(accepted: TurnAccepted) -> str:
    return f"chatcmpl-{accepted.turn}"
