"""Tool calls in the syntaxes of several families of models, as OpenAI's own client sees them."""

from __future__ import annotations

from typing import Any

import pytest
from openai_requests import (
    ADD_EVENT,
    LIGHTS,
    ask,
    calls_of,
    stream,
    streamed_calls,
    streamed_text,
    text_of,
)
from scripted_engine import MISTRAL, MISTRAL_LIST, NAME, PLAIN, QWEN, Stage, stage

TOOLS = [ADD_EVENT, LIGHTS]
FIELDS: dict[str, Any] = {"model": NAME, "tools": TOOLS}
EVENT, HALL = '{"title": "Tür"}', '{"on": true, "room": "hall"}'
BOTH = [("add_event", EVENT), ("lights", HALL)]
FORM: Any = {"type": "json_schema", "json_schema": {"name": "x", "schema": {"type": "object"}}}


def tagged(name: str, arguments: str) -> str:
    return f'<tool_call>\n{{"name": "{name}", "arguments": {arguments}}}\n</tool_call>'


def bare(name: str, arguments: str) -> str:
    return f'{{"name": "{name}", "arguments": {arguments}}}'


ANSWERS = {
    "qwen": (QWEN, f"{tagged(*BOTH[0])}\n{tagged(*BOTH[1])}"),
    "untaught": (None, f"{tagged(*BOTH[0])}\n{tagged(*BOTH[1])}"),
    "mistral": (MISTRAL, f"[TOOL_CALLS]add_event[ARGS]{EVENT}[TOOL_CALLS]lights[ARGS]{HALL}"),
    "mistral list": (MISTRAL_LIST, f"[TOOL_CALLS][{bare(*BOTH[0])}, {bare(*BOTH[1])}]"),
    "plain": (PLAIN, f"[{bare(*BOTH[0])}, {bare(*BOTH[1])}]"),
    "qwen in a fence": (QWEN, f"```json\n{bare(*BOTH[0])}\n```\n```json\n{bare(*BOTH[1])}\n```"),
}


@pytest.mark.parametrize(("template", "text"), ANSWERS.values(), ids=ANSWERS)
def test_parallel_calls_whole_and_streamed(template: str | None, text: str) -> None:
    with stage(template) as on:
        on.engine.says(text)
        answer = ask(on.openai, **FIELDS)
        on.engine.says(*text)
        chunks = stream(on.openai, **FIELDS)
    assert calls_of(answer) == streamed_calls(chunks) == BOTH
    assert answer.choices[0].message.content is None
    assert streamed_text(chunks) == ""
    assert answer.choices[0].finish_reason == "tool_calls"
    assert chunks[-1].choices[0].finish_reason == "tool_calls"
    ids = [call.id for call in answer.choices[0].message.tool_calls or ()]
    assert len(set(ids)) == 2
    assert all(len(one) == 9 and one.isalnum() for one in ids)


def test_the_deltas_are_those_of_openai() -> None:
    with stage(QWEN) as on:
        on.engine.says("<tool_call>", '\n{"name": "lights", "arguments": ', '{"on": ', "true}", "}")
        chunks = stream(on.openai, **FIELDS)
    deltas = [chunk.choices[0].delta.to_dict() for chunk in chunks]
    call: Any = deltas[1]["tool_calls"]
    assert deltas[0] == {"role": "assistant", "content": None, "refusal": None}
    assert call == [
        {
            "index": 0,
            "id": call[0]["id"],
            "type": "function",
            "function": {"name": "lights", "arguments": ""},
        }
    ]
    assert deltas[2:] == [
        {"tool_calls": [{"index": 0, "function": {"arguments": '{"on": '}}]},
        {"tool_calls": [{"index": 0, "function": {"arguments": "true}"}}]},
        {},
    ]


def test_words_before_a_call_stream_as_they_come() -> None:
    with stage(QWEN) as on:
        on.engine.says("I ", "switch", " it on.", "\n", "<tool_", f"call>{bare(*BOTH[1])}")
        chunks = stream(on.openai, **FIELDS)
    words = [chunk.choices[0].delta.content for chunk in chunks]
    assert [word for word in words if word] == ["I", " switch", " it on."]
    assert streamed_calls(chunks) == [BOTH[1]]


@pytest.mark.parametrize("text", ["Use <tool_call> so.", bare("remove", "{}"), '{"name": "lights"'])
def test_what_is_no_call_is_an_answer(text: str) -> None:
    with stage(QWEN) as on:
        on.engine.says(text)
        answer = ask(on.openai, **FIELDS)
        on.engine.says(*text)
        chunks = stream(on.openai, **FIELDS)
    assert text_of(answer) == streamed_text(chunks) == text
    assert calls_of(answer) == streamed_calls(chunks) == []
    assert answer.choices[0].finish_reason == chunks[-1].choices[0].finish_reason == "stop"


def test_a_call_that_is_cut_off_ends_by_its_length() -> None:
    with stage(QWEN) as on:
        on.engine.says('<tool_call>\n{"name": "lights", "arguments": {"on": ', length=True)
        answer = ask(on.openai, **FIELDS)
    assert calls_of(answer) == [("lights", '{"on": ')]
    assert answer.choices[0].finish_reason == "length"


def test_only_one_call_where_no_more_are_wanted() -> None:
    with stage(QWEN) as on:
        on.engine.says(ANSWERS["plain"][1])
        answer = ask(on.openai, parallel_tool_calls=False, **FIELDS)
        assert calls_of(answer) == BOTH[:1]
        assert "{0,15}" not in (on.work.grammar or "")
        on.engine.says("Hm.")
        ask(on.openai, **FIELDS)
        assert "{0,15}" in (on.work.grammar or "")


def asked(on: Stage, **fields: Any) -> tuple[str, str | None]:
    """The first rule of the grammar, and the trigger."""
    on.engine.says("Hm.")
    ask(on.openai, **FIELDS | fields)
    return (on.work.grammar or "").partition("\n")[0], on.work.trigger


def test_calls_are_enforced_in_the_models_own_syntax() -> None:
    named = {"type": "function", "function": {"name": "lights"}}
    openings = ((QWEN, "<tool_call>"), (MISTRAL, "[TOOL_CALLS]"), (MISTRAL_LIST, "[TOOL_CALLS]"))
    for template, opening in openings:
        with stage(template) as on:
            grammar, trigger = asked(on)
            assert opening not in grammar.partition("(")[0]
            assert trigger == opening
            for choice in ("required", named):
                grammar, trigger = asked(on, tool_choice=choice)
                assert grammar.startswith(f'root ::= "{opening}"')
                assert trigger is None
            assert "add_event" not in grammar
            assert "add_event" in on.work.prompt  # so that the prompt begins as any other
    with stage(PLAIN) as on:
        assert asked(on) == ("", None)
        assert asked(on, tool_choice="none", response_format=FORM) == ("root ::= answer", None)


def test_an_answer_in_json_may_be_a_call_instead() -> None:
    with stage(QWEN) as on:
        grammar, trigger = asked(on, response_format=FORM)
        assert grammar.startswith('root ::= "<tool_call>"')
        assert grammar.endswith("| answer")
        assert trigger is None
        on.engine.says(*'{"a": 1}')
        assert streamed_text(stream(on.openai, response_format=FORM, **FIELDS)) == '{"a": 1}'


def test_marks_that_are_control_tokens_are_shown() -> None:
    with stage(MISTRAL, control=frozenset({"[TOOL_CALLS]", "[ARGS]", "</s>"})) as on:
        on.engine.says("Hm.", "Hm.")
        ask(on.openai, **FIELDS)
        assert on.work.shown == ("[TOOL_CALLS]", "[ARGS]")
        on.engine.says("Hm.")
        ask(on.openai, model=NAME)
        assert not on.work.shown
