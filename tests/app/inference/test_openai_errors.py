"""What cannot be answered, as OpenAI's own client sees it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import httpx
import openai
import pytest
from openai_requests import MODEL, ask, function, stream
from scripted_engine import NAME, QWEN, stage

from hearth.core.errors import Busy, Unavailable
from hearth.inference.generation import Piece


def test_an_unknown_model_is_not_found(family: openai.OpenAI) -> None:
    with pytest.raises(openai.NotFoundError) as caught:
        ask(family, model="gpt-9")
    assert caught.value.code == "not_found"


@pytest.mark.parametrize(
    ("fields", "place"),
    [
        ({"max_tokens": 0}, "max_tokens"),
        ({"temperature": 3}, "temperature"),
        ({"n": 2}, "n"),
        ({"extra_body": {"temprature": 1}}, "temprature"),
        ({"messages": []}, "messages"),
        ({"max_completion_tokens": 0}, "max_completion_tokens"),
        ({"stop": ""}, "stop"),
        ({"stop": ["a", ""]}, "stop.1"),
        ({"stop": ["x"] * 17}, "stop"),
        ({"logprobs": True, "top_logprobs": 21}, "top_logprobs"),
        ({"top_logprobs": 2}, "top_logprobs"),
        ({"service_tier": "scale"}, "service_tier"),
        ({"tool_choice": "required"}, "tools"),
        ({"tools": [function("bad name")]}, "tools.0.function.name"),
        ({"tools": [function("f", a={"type": "strange"})]}, "tools"),
        (
            {
                "tools": [function("f")],
                "tool_choice": {"type": "function", "function": {"name": "g"}},
            },
            "tool_choice",
        ),
    ],
)
def test_bad_fields_are_named(family: openai.OpenAI, fields: dict[str, Any], place: str) -> None:
    with pytest.raises(openai.BadRequestError) as caught:
        ask(family, **fields)
    assert caught.value.param == place


@pytest.mark.parametrize(
    "schema",
    [
        {"$ref": "https://example.org/schema.json"},
        {"type": "object", "properties": {"a": {"$ref": "#/nowhere"}}},
        {"type": "strange"},
        {"type": "string", "pattern": "no anchors"},
    ],
)
def test_a_schema_that_cannot_be_enforced_is_refused(
    family: openai.OpenAI, schema: dict[str, Any]
) -> None:
    form = {"type": "json_schema", "json_schema": {"name": "x", "schema": schema}}
    with pytest.raises(openai.BadRequestError) as caught:
        ask(family, response_format=form)
    assert caught.value.code == "bad_input"


def test_a_prompt_beyond_the_context_is_too_large(family: openai.OpenAI) -> None:
    with pytest.raises(openai.BadRequestError) as caught:
        ask(family, [{"role": "user", "content": "word " * 5_000}])
    assert caught.value.code == "too_large"
    assert "4096" in caught.value.message


@pytest.mark.parametrize("body", [b"\xff\xfe{", b'{"model": "m", "messages": [', b"[]"])
def test_a_body_that_is_no_request_is_refused(sockets: dict[str, Path], body: bytes) -> None:
    transport = httpx.HTTPTransport(uds=str(sockets["family"]))
    with httpx.Client(transport=transport, base_url="http://inference") as http:
        answer = http.post(
            "/v1/chat/completions", content=body, headers={"content-type": "application/json"}
        )
    assert answer.status_code == 400


@pytest.mark.parametrize("content", ["\ud800", [{"type": "text", "text": "x\udfff"}]])
def test_half_a_character_in_json_is_refused(sockets: dict[str, Path], content: Any) -> None:
    transport = httpx.HTTPTransport(uds=str(sockets["family"]))
    body = json.dumps({"model": MODEL, "messages": [{"role": "user", "content": content}]})
    with httpx.Client(transport=transport, base_url="http://inference") as http:
        answer = http.post(
            "/v1/chat/completions", content=body, headers={"content-type": "application/json"}
        )
    assert answer.status_code == 400
    assert "surrogate" in answer.json()["error"]["message"]


@pytest.mark.parametrize("stop", ['"\\ud800"', '["a", "\\udfff"]', '"\\ud83d"'])
def test_half_a_character_in_a_stop_string_is_refused(sockets: dict[str, Path], stop: str) -> None:
    body = (
        f'{{"model": "{MODEL}", "messages": [{{"role": "user", "content": "a"}}], "stop": {stop}}}'
    )
    transport = httpx.HTTPTransport(uds=str(sockets["family"]))
    with httpx.Client(transport=transport, base_url="http://inference") as http:
        answer = http.post(
            "/v1/chat/completions", content=body, headers={"content-type": "application/json"}
        )
    assert answer.status_code == 400
    assert answer.json()["error"]["param"].startswith("stop")


def test_half_a_character_in_the_arguments_of_a_call_is_refused() -> None:
    call = {
        "id": "c",
        "type": "function",
        "function": {"name": "f", "arguments": '{"a": "\\ud800"}'},
    }
    messages = [{"role": "user", "content": "a"}, {"role": "assistant", "tool_calls": [call]}]
    with stage() as on, pytest.raises(openai.BadRequestError, match="surrogate"):
        ask(on.openai, messages, model=NAME)


@pytest.mark.parametrize("arguments", ["{", "[1]", '"a"'])
def test_arguments_that_are_no_object_are_refused(arguments: str) -> None:
    call = {"id": "c", "type": "function", "function": {"name": "f", "arguments": arguments}}
    messages = [{"role": "user", "content": "a"}, {"role": "assistant", "tool_calls": [call]}]
    with stage(QWEN) as on, pytest.raises(openai.BadRequestError, match="arguments"):
        ask(on.openai, messages, model=NAME)


@pytest.mark.parametrize("streamed", [False, True])
def test_a_full_queue_is_a_429_that_says_when_to_come_back(streamed: bool) -> None:
    with stage() as on:
        on.engine.answers.append(Busy("full", retry_after=4.2))
        with pytest.raises(openai.RateLimitError) as caught:
            ask(on.openai, model=NAME, stream=streamed)
    assert caught.value.response.headers["retry-after"] == "5"
    assert caught.value.code == "busy"


def test_an_engine_that_restarts_is_a_503() -> None:
    with stage() as on:
        on.engine.answers.append(Unavailable("restarting", retry_after=1))
        with pytest.raises(openai.InternalServerError) as caught:
            ask(on.openai, model=NAME)
    assert caught.value.status_code == 503
    assert caught.value.response.headers["retry-after"] == "1"


def test_an_engine_that_fails_on_the_way_ends_the_stream_with_an_error() -> None:
    with stage() as on:
        on.engine.answers += [[Piece("Once "), Unavailable("it has stopped")]] * 2
        with pytest.raises(openai.APIError, match="it has stopped"):
            stream(on.openai, model=NAME)
        with pytest.raises(openai.InternalServerError, match="it has stopped"):
            ask(on.openai, model=NAME)
