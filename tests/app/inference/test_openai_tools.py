"""Tool calls of a real model, as OpenAI's own client sees them."""

from __future__ import annotations

import json
from typing import Any, Literal

import openai
from openai_requests import (
    ADD_EVENT,
    FRANCE,
    LIGHTS,
    MODEL,
    ask,
    calls_of,
    function,
    stream,
    streamed_calls,
    streamed_text,
    text_of,
)
from pydantic import BaseModel

DENTIST = [{"role": "user", "content": "Add dentist to my calendar."}]
TOOLS = [ADD_EVENT, LIGHTS]
NAMED: Any = {"type": "function", "function": {"name": "lights"}}


def test_a_required_tool_is_called_and_its_result_answered(family: openai.OpenAI) -> None:
    fields: Any = {"tools": [ADD_EVENT], "max_tokens": 200}
    answer = ask(family, DENTIST, tool_choice="required", parallel_tool_calls=False, **fields)
    choice = answer.choices[0]
    assert choice.finish_reason == "tool_calls"
    assert choice.message.content is None
    assert choice.message.tool_calls is not None
    (call,) = choice.message.tool_calls
    assert call.type == "function"
    assert call.function.name == "add_event"
    assert set(json.loads(call.function.arguments)) == {"title"}
    follow_up = [
        *DENTIST,
        choice.message.model_dump(exclude_none=True),
        {"role": "tool", "tool_call_id": call.id, "content": "added"},
    ]
    assert text_of(ask(family, follow_up, tools=[ADD_EVENT], tool_choice="none"))


def test_a_named_tool_is_called_once_at_any_temperature(family: openai.OpenAI) -> None:
    for seed in range(3):
        answer = ask(
            family, tools=TOOLS, tool_choice=NAMED, temperature=1.5, seed=seed, max_tokens=100
        )
        ((name, arguments),) = calls_of(answer)
        assert name == "lights"
        assert set(json.loads(arguments)) == {"on", "room"}


def test_a_streamed_call_is_the_same(family: openai.OpenAI) -> None:
    fields: Any = {"tools": TOOLS, "tool_choice": NAMED, "max_tokens": 100}
    whole = ask(family, **fields)
    chunks = stream(family, **fields)
    assert streamed_calls(chunks) == calls_of(whole)
    assert streamed_text(chunks) == ""
    assert chunks[-1].choices[0].finish_reason == "tool_calls"
    assert sum(bool(chunk.choices[0].delta.tool_calls) for chunk in chunks) > 3


def test_required_calls_may_be_several(family: openai.OpenAI) -> None:
    answer = ask(
        family,
        [{"role": "user", "content": "Switch on the lights in the kitchen and in the hall."}],
        tools=TOOLS,
        tool_choice="required",
        max_tokens=1_500,
    )
    calls = calls_of(answer)
    assert 1 <= len(calls) <= 16
    assert answer.choices[0].finish_reason == "tool_calls"
    for name, arguments in calls:
        keys = {"add_event": {"title"}, "lights": {"on", "room"}}[name]
        assert set(json.loads(arguments)) == keys


def test_tools_that_may_be_called_leave_room_for_words(family: openai.OpenAI) -> None:
    whole = ask(family, FRANCE, tools=[LIGHTS])
    chunks = stream(family, FRANCE, tools=[LIGHTS])
    assert calls_of(whole) == []
    assert "Paris" in text_of(whole)
    assert streamed_text(chunks) == text_of(whole)
    assert len(chunks) > 3


def switched(room: str) -> list[Any]:
    """A turn in which the lights were switched on."""
    arguments = json.dumps({"on": True, "room": room})
    called = {"name": "lights", "arguments": arguments}
    call = {"id": "a1b2c3d4e", "type": "function", "function": called}
    return [
        {"role": "user", "content": f"Switch on the lights in the {room}."},
        {"role": "assistant", "tool_calls": [call]},
    ]


def test_a_model_calls_of_its_own_will(family: openai.OpenAI) -> None:
    # What it has seen itself do, even this small model does again.
    messages = [*switched("hall"), *switched("kitchen"), switched("hall")[0]]
    answer = ask(family, messages, tools=[LIGHTS], max_tokens=60)
    assert calls_of(answer) == [("lights", '{"on": true, "room": "hall"}')]
    assert answer.choices[0].finish_reason == "tool_calls"
    assert streamed_calls(stream(family, messages, tools=[LIGHTS], max_tokens=60)) == calls_of(
        answer
    )


def test_once_a_call_has_begun_it_fits_its_schema(family: openai.OpenAI) -> None:
    cellar = function("lights", on={"const": False}, room={"enum": ["cellar", "attic"]})
    messages = [*switched("hall"), *switched("kitchen"), switched("hall")[0]]
    ((name, arguments),) = calls_of(ask(family, messages, tools=[cellar], max_tokens=60))
    assert name == "lights"
    assert json.loads(arguments)["on"] is False
    assert json.loads(arguments)["room"] in {"cellar", "attic"}


class Lights(BaseModel):
    """Switches lights."""

    on: bool
    room: Literal["kitchen", "hall"]


def test_a_pydantic_tool_is_parsed(family: openai.OpenAI) -> None:
    answer = family.chat.completions.parse(
        model=MODEL,
        messages=[{"role": "user", "content": "Lights on in the hall."}],
        tools=[openai.pydantic_function_tool(Lights)],
        tool_choice="required",
        parallel_tool_calls=False,
        temperature=0,
        max_tokens=100,
    )
    assert answer.choices[0].message.tool_calls is not None
    (call,) = answer.choices[0].message.tool_calls
    assert isinstance(call.function.parsed_arguments, Lights)
