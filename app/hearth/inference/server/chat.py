"""From an OpenAI chat request to a generation."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hearth.core.errors import BadInput
from hearth.inference.generation import Generation, Sampling
from hearth.inference.server import grammar, tools
from hearth.inference.server.schemas import ChatRequest, JsonFormat, JsonSchemaFormat
from hearth.inference.server.template import ChatTemplate


def generation(
    template: ChatTemplate, request: ChatRequest, caller: str, adapter: str | None = None
) -> Generation:
    """What the engine is to do for a request."""
    if request.top_logprobs is not None and not request.logprobs:
        raise BadInput("it tells nothing unless logprobs is true", where="top_logprobs")
    callable_tools = tools.usable(request)
    answer = _schema(request)
    rules, trigger = (grammar.of_schema(answer) if answer is not None else None), None
    if callable_tools:
        rules, trigger = tools.enforced(template, request, answer)
    return Generation(
        caller=caller,
        prompt=_encodable(tools.prompt(template, request)),
        max_tokens=request.limit,
        sampling=Sampling(
            temperature=request.temperature,
            top_p=request.top_p,
            top_k=request.top_k,
            min_p=request.min_p,
            frequency_penalty=request.frequency_penalty,
            presence_penalty=request.presence_penalty,
            seed=request.seed % 2**32,
        ),
        stop=request.stops,
        grammar=rules,
        trigger=trigger,
        shown=template.shown if callable_tools else (),
        logprobs=request.top_logprobs or 0 if request.logprobs else None,
        background=request.service_tier == "flex",
        adapter=adapter,
    )


def _schema(request: ChatRequest) -> Mapping[str, Any] | None:
    """What an answer in words must satisfy."""
    wanted = request.response_format
    if isinstance(wanted, JsonSchemaFormat):
        return wanted.json_schema.schema_
    return {"type": "object"} if isinstance(wanted, JsonFormat) else None


def _encodable(prompt: str) -> str:
    """JSON within JSON, such as a call's arguments, can still name half of a character."""
    try:
        prompt.encode()
    except UnicodeEncodeError as error:
        raise BadInput(
            "half of a UTF-16 surrogate pair is no character", where="messages"
        ) from error
    return prompt
