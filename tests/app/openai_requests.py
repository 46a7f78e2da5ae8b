"""Requests that several tests of the OpenAI-compatible API make."""

from __future__ import annotations

from typing import Any

import openai
from model_server import SURE
from openai.types.chat import ChatCompletion, ChatCompletionChunk

MODEL = "smollm2-135m-instruct"
EMBEDDING = "all-minilm-l6-v2"
COLOURS: list[Any] = [{"role": "user", "content": "Name three colours."}]
FRANCE: list[Any] = [{"role": role, "content": text} for role, text in SURE]


def function(name: str, **properties: Any) -> Any:
    """A tool that needs all of its properties."""
    parameters = {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }
    return {
        "type": "function",
        "function": {"name": name, "description": f"Does {name}.", "parameters": parameters},
    }


ADD_EVENT = function("add_event", title={"type": "string", "maxLength": 30})
LIGHTS = function("lights", on={"type": "boolean"}, room={"enum": ["kitchen", "hall"]})


def ask(client: openai.OpenAI, messages: list[Any] = COLOURS, **fields: Any) -> ChatCompletion:
    """A whole answer, of 24 likeliest tokens unless told otherwise."""
    defaults: dict[str, Any] = {"model": MODEL, "temperature": 0, "max_tokens": 24}
    answer: ChatCompletion = client.chat.completions.create(
        messages=messages, **(defaults | fields)
    )
    return answer


def stream(
    client: openai.OpenAI, messages: list[Any] = COLOURS, **fields: Any
) -> list[ChatCompletionChunk]:
    """The chunks of the same answer."""
    return list(ask(client, messages, stream=True, **fields))  # type: ignore[arg-type]


def text_of(answer: ChatCompletion) -> str:
    """What an answer says."""
    return answer.choices[0].message.content or ""


def streamed_text(chunks: list[ChatCompletionChunk]) -> str:
    """What a stream says."""
    return "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices)


def calls_of(answer: ChatCompletion) -> list[tuple[str, str]]:
    """Names and arguments of an answer's calls."""
    return [
        (call.function.name, call.function.arguments)
        for call in answer.choices[0].message.tool_calls or ()
        if call.type == "function"
    ]


def streamed_calls(chunks: list[ChatCompletionChunk]) -> list[tuple[str, str]]:
    """Names and arguments of a stream's calls, put together as OpenAI's documentation says."""
    calls: list[tuple[str, str]] = []
    for chunk in chunks:
        for call in chunk.choices[0].delta.tool_calls or () if chunk.choices else ():
            assert call.function is not None
            if call.id:
                assert call.index == len(calls)
                assert call.type == "function"
                calls.append((call.function.name or "", ""))
            name, arguments = calls[call.index]
            calls[call.index] = (name, arguments + (call.function.arguments or ""))
    return calls
