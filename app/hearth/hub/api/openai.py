"""The same pods for programs that speak OpenAI's API."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Annotated, Any

from fastapi import APIRouter, Body, Header, Path
from sse_starlette import EventSourceResponse, ServerSentEvent

from hearth.core.errors import HearthError
from hearth.core.people import Right
from hearth.hub import completions
from hearth.hub.api import examples
from hearth.hub.api.common import openai_refusals
from hearth.hub.auth import CurrentHub, CurrentVisitor
from hearth.hub.completions import Completion, CompletionRequest, Model, ModelList
from hearth.hub.problems import openai_error

router = APIRouter(prefix="/v1", tags=["OpenAI"], responses=openai_refusals(401))
_STREAM: dict[str, Any] = {
    "description": "The completion, or with `stream` its chunks as server-sent events.",
    "content": {"text/event-stream": {"schema": {"type": "string"}, "example": examples.CHUNKS}},
}
Conversation = Annotated[
    str | None,
    Header(pattern=r"^[0-9a-f]{32}$", description="Goes on with this conversation."),
]


@router.get("/models", summary="List models")
async def models(hub: CurrentHub, visitor: CurrentVisitor) -> ModelList:
    """The pods that the caller may ask; a model's id is the pod's name."""
    askable = [card for card in hub.pods(visitor) if Right.ASK in visitor.rights(card.name)]
    return ModelList(data=tuple(Model(id=card.name) for card in askable))


@router.get("/models/{model}", summary="See a model", responses=openai_refusals(403, 404, 422))
async def model(
    hub: CurrentHub,
    visitor: CurrentVisitor,
    model: Annotated[str, Path(max_length=32, description="The pod's name.")],
) -> Model:
    """One of the pods that the caller may ask."""
    hub.door(visitor, model, Right.ASK)
    return Model(id=model)


@router.post(
    "/chat/completions",
    summary="Ask",
    response_model=Completion,
    responses=openai_refusals(403, 404, 413, 422, 429, 502, 503) | {200: _STREAM},
)
async def chat_completions(
    hub: CurrentHub,
    visitor: CurrentVisitor,
    body: Annotated[CompletionRequest, Body(openapi_examples=examples.COMPLETION)],
    x_hearth_conversation: Conversation = None,
) -> Completion | EventSourceResponse:
    """Puts the **last user message** to the pod named by `model`, as one turn.

    A pod keeps its conversations itself. So each request begins a new conversation, unless
    `metadata.conversation` or the header `X-Hearth-Conversation` names one to go on with (an
    answer's `hearth.conversation`); earlier messages in the request, system messages and sampling
    settings have no effect, and `tools` or `n` above 1 are refused. The answer's field `hearth`
    (in a stream, the last chunk's) holds the conversation, the turn, the citations and the
    proposals. There is no `usage`: the pod does not count tokens.
    """
    request = completions.question(body, x_hearth_conversation)
    accepted = await hub.ask(visitor, body.model, request)
    events = hub.follow(visitor, body.model, accepted.turn)
    if not body.stream:
        return await completions.completion(body.model, accepted, events)
    return EventSourceResponse(
        _stream(completions.chunks(body.model, accepted, events)), sep="\n", ping=15
    )


async def _stream(chunks: AsyncGenerator[dict[str, Any]]) -> AsyncGenerator[ServerSentEvent]:
    try:
        async with aclosing(chunks):
            async for chunk in chunks:
                yield ServerSentEvent(json.dumps(chunk, ensure_ascii=False))
        yield ServerSentEvent("[DONE]")
    except HearthError as error:
        yield ServerSentEvent(json.dumps({"error": openai_error(error)}))
