"""One chat completion: from an OpenAI request to a generation, and from its events to replies."""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import AsyncIterator
from typing import Any

from hearth.core.errors import HearthError
from hearth.inference.generation import Answer, Done, Generation, Piece, Sampling
from hearth.inference.server import grammar, tools
from hearth.inference.server.schemas import (
    ChatRequest,
    JsonFormat,
    JsonSchemaFormat,
    ToolCall,
    ToolDefinition,
)
from hearth.inference.server.template import ChatTemplate


def generation(template: ChatTemplate, request: ChatRequest, caller: str) -> Generation:
    """What the engine is to do for a request."""
    return Generation(
        caller=caller,
        prompt=tools.prompt(template, request),
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
        grammar=tools.enforced(request) or _format(request),
    )


def _format(request: ChatRequest) -> str | None:
    wanted = request.response_format
    if isinstance(wanted, JsonSchemaFormat):
        return grammar.of_schema(wanted.json_schema.schema_)
    return grammar.ANY_OBJECT if isinstance(wanted, JsonFormat) else None


class Reply:
    """Puts an answer's events into OpenAI's words."""

    def __init__(self, request: ChatRequest, answer: Answer) -> None:
        self._request = request
        self._answer = answer
        self._tools: list[ToolDefinition] = tools.offered(request)
        self._frame = {
            "id": f"chatcmpl-{secrets.token_hex(12)}",
            "created": int(time.time()),
            "model": request.model,
        }

    async def whole(self) -> dict[str, Any]:
        """The completion object."""
        text, done = await self._collect()
        calls = tools.parse(text, self._tools) if self._tools else []
        message: dict[str, Any] = {"role": "assistant", "content": None if calls else text}
        if calls:
            message["tool_calls"] = [call.model_dump() for call in calls]
        choice = {"index": 0, "message": message, "finish_reason": _reason(done, calls)}
        return self._frame | {
            "object": "chat.completion",
            "choices": [choice | {"logprobs": None}],
            "usage": _usage(done),
        }

    async def chunks(self) -> AsyncIterator[dict[str, str]]:
        """The server-sent events: deltas, usage if asked for, and [DONE]; or an error."""
        try:
            async for data in self._deltas():
                yield {"data": json.dumps(data, ensure_ascii=False)}
        except HearthError as error:
            yield {"data": json.dumps(problem(error), ensure_ascii=False)}
            return
        yield {"data": "[DONE]"}

    async def _deltas(self) -> AsyncIterator[dict[str, Any]]:
        yield self._chunk({"role": "assistant", "content": ""})
        calls: list[ToolCall] = []
        if self._tools:  # whether it is a call or an answer in words shows only at the end
            text, done = await self._collect()
            calls = tools.parse(text, self._tools)
            yield self._chunk(_call_deltas(calls) if calls else {"content": text})
        else:
            async for event in self._answer:
                if isinstance(event, Piece):
                    yield self._chunk({"content": event.text})
                else:
                    done = event
        yield self._chunk({}, _reason(done, calls))
        if self._request.stream_options and self._request.stream_options.include_usage:
            yield self._chunk(None) | {"usage": _usage(done)}

    async def _collect(self) -> tuple[str, Done]:
        pieces: list[str] = []
        async for event in self._answer:
            if isinstance(event, Done):
                return "".join(pieces), event
            pieces.append(event.text)
        raise RuntimeError("an answer ended without its Done")

    def _chunk(self, delta: dict[str, Any] | None, reason: str | None = None) -> dict[str, Any]:
        choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": reason}
        choices = [] if delta is None else [choice]
        return self._frame | {"object": "chat.completion.chunk", "choices": choices}


def problem(error: HearthError) -> dict[str, Any]:
    """An error in OpenAI's shape, with our place and remedy beside it."""
    return {
        "error": {
            "message": str(error),
            "type": "invalid_request_error" if error.status < 500 else "server_error",
            "param": error.where,
            "code": error.code,
            "detail": error.message,
            "where": error.where,
            "remedy": error.remedy,
        }
    }


def _reason(done: Done, calls: list[ToolCall]) -> str:
    return "tool_calls" if calls else done.reason


def _call_deltas(calls: list[ToolCall]) -> dict[str, Any]:
    return {
        "tool_calls": [{"index": index, **call.model_dump()} for index, call in enumerate(calls)]
    }


def _usage(done: Done) -> dict[str, Any]:
    return {
        "prompt_tokens": done.prompt_tokens,
        "completion_tokens": done.completion_tokens,
        "total_tokens": done.prompt_tokens + done.completion_tokens,
        "prompt_tokens_details": {"cached_tokens": done.cached},
    }
