"""The API as OpenAI's own client sees it, on a real engine over a Unix socket."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import openai
import pytest
from model_server import SURE
from openai.types.chat import ChatCompletion

MODEL = "smollm2-135m-instruct"
EMBEDDING = "all-minilm-l6-v2"
COLOURS: list[Any] = [{"role": "user", "content": "Name three colours."}]
FRANCE: list[Any] = [{"role": role, "content": text} for role, text in SURE]
PERSON = {
    "type": "object",
    "properties": {"name": {"type": "string", "maxLength": 20}, "age": {"type": "integer"}},
    "required": ["name", "age"],
    "additionalProperties": False,
}
ADD: Any = {
    "type": "function",
    "function": {
        "name": "add_event",
        "description": "Adds an event to the calendar.",
        "parameters": {
            "type": "object",
            "properties": {"title": {"type": "string", "maxLength": 30}},
            "required": ["title"],
            "additionalProperties": False,
        },
    },
}


def ask(client: openai.OpenAI, messages: list[Any] = COLOURS, **fields: Any) -> ChatCompletion:
    defaults: dict[str, Any] = {"model": MODEL, "temperature": 0, "max_tokens": 24}
    answer: ChatCompletion = client.chat.completions.create(
        messages=messages, **(defaults | fields)
    )
    return answer


def text_of(answer: ChatCompletion) -> str:
    return answer.choices[0].message.content or ""


def cached(answer: ChatCompletion) -> int:
    assert answer.usage is not None
    assert answer.usage.prompt_tokens_details is not None
    return answer.usage.prompt_tokens_details.cached_tokens or 0


def test_an_answer_with_its_usage(family: openai.OpenAI) -> None:
    answer = ask(family)
    assert text_of(answer)
    assert answer.choices[0].finish_reason in {"stop", "length"}
    assert answer.usage is not None
    assert 0 < answer.usage.completion_tokens <= 24
    assert answer.usage.total_tokens == answer.usage.prompt_tokens + answer.usage.completion_tokens


def test_a_stream_is_the_same_answer_in_pieces(family: openai.OpenAI) -> None:
    whole = ask(family, FRANCE)
    chunks = list(
        family.chat.completions.create(
            model=MODEL,
            messages=FRANCE,
            temperature=0,
            max_tokens=24,
            stream=True,
            stream_options={"include_usage": True},
        )
    )
    pieces = [chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices]
    assert len(pieces) > 3
    assert "".join(pieces) == text_of(whole)
    assert chunks[-2].choices[0].finish_reason == whole.choices[0].finish_reason
    assert chunks[-1].usage is not None
    assert chunks[-1].usage.completion_tokens > 0


def test_a_seed_repeats_and_another_differs(family: openai.OpenAI) -> None:
    # One word is drawn, for the more there are, the likelier is one at the edge between two.
    words = {"enum": ["red", "blue", "green", "white", "black", "pink"]}
    form: Any = {"type": "json_schema", "json_schema": {"name": "colour", "schema": words}}

    def drawn(seed: int) -> str:
        return text_of(ask(family, response_format=form, temperature=1.5, top_p=1, seed=seed))

    first = [drawn(seed) for seed in range(8)]
    assert [drawn(seed) for seed in range(8)] == first
    assert len(set(first)) > 1


def test_a_stop_string_ends_the_answer_before_itself(family: openai.OpenAI) -> None:
    whole = text_of(ask(family, FRANCE))
    stop = whole[6:9]
    answer = ask(family, FRANCE, stop=[stop, "\ufffdnever"])
    assert text_of(answer) == whole[: whole.index(stop)]
    assert answer.choices[0].finish_reason == "stop"


def test_max_tokens_ends_the_answer(family: openai.OpenAI) -> None:
    answer = ask(family, max_tokens=3)
    assert answer.choices[0].finish_reason == "length"
    assert answer.usage is not None
    assert answer.usage.completion_tokens == 3


def test_a_billion_tokens_are_what_the_context_holds(family: openai.OpenAI) -> None:
    assert ask(family, max_tokens=1_000_000_000, stop="\n").choices[0].finish_reason == "stop"


def test_a_schema_is_satisfied(family: openai.OpenAI) -> None:
    form: Any = {"type": "json_schema", "json_schema": {"name": "person", "schema": PERSON}}
    prompt = [{"role": "user", "content": "Mia is seven. Who is Mia?"}]
    for temperature in (0, 1.5):
        answer = ask(
            family, prompt, response_format=form, max_tokens=200, temperature=temperature, seed=3
        )
        person = json.loads(text_of(answer))
        assert set(person) == {"name", "age"}
        assert isinstance(person["age"], int)


def test_a_json_object_is_one(family: openai.OpenAI) -> None:
    form: Any = {"type": "json_object"}
    answer = ask(family, response_format=form, stop="\n", max_tokens=60)
    assert text_of(answer).startswith("{")


def test_a_required_tool_is_called(family: openai.OpenAI) -> None:
    prompt = [{"role": "user", "content": "Add dentist to my calendar."}]
    answer = ask(family, prompt, tools=[ADD], tool_choice="required", max_tokens=200)
    choice = answer.choices[0]
    assert choice.finish_reason == "tool_calls"
    assert choice.message.content is None
    assert choice.message.tool_calls is not None
    (call,) = choice.message.tool_calls
    assert call.type == "function"
    assert call.function.name == "add_event"
    assert set(json.loads(call.function.arguments)) == {"title"}
    follow_up = [
        *prompt,
        choice.message.model_dump(exclude_none=True),
        {"role": "tool", "tool_call_id": call.id, "content": "added"},
    ]
    assert text_of(ask(family, follow_up, tools=[ADD], tool_choice="none"))


def test_a_streamed_call_comes_as_deltas(family: openai.OpenAI) -> None:
    named: Any = {"type": "function", "function": {"name": "add_event"}}
    chunks = list(
        family.chat.completions.create(
            model=MODEL,
            messages=COLOURS,
            tools=[ADD],
            tool_choice=named,
            max_tokens=200,
            temperature=0,
            stream=True,
        )
    )
    calls = [call for chunk in chunks for call in chunk.choices[0].delta.tool_calls or []]
    assert calls[0].index == 0
    assert calls[0].function is not None
    assert calls[0].function.name == "add_event"
    assert chunks[-1].choices[0].finish_reason == "tool_calls"


def test_a_prefix_is_reused_for_its_own_caller_only(
    family: openai.OpenAI, study: openai.OpenAI
) -> None:
    rules = "You are kind. " + " ".join(f"Rule {number}." for number in range(60))

    def put(client: openai.OpenAI, question: str) -> ChatCompletion:
        messages = [{"role": "system", "content": rules}, {"role": "user", "content": question}]
        return ask(client, messages, max_tokens=2)

    first = put(family, "Which rule is best?")
    assert first.usage is not None
    assert cached(put(family, "Is rule 7 fair?")) > first.usage.prompt_tokens * 0.8
    # The chat template's own first words are all that study may have sent before.
    assert cached(put(study, "Which rule is best?")) < 8
    assert cached(put(study, "Which rule is best?")) == first.usage.prompt_tokens - 1


def test_streams_that_run_together_are_not_crossed(
    family: openai.OpenAI, study: openai.OpenAI
) -> None:
    def told(number: int) -> str:
        secret = {"type": "object", "properties": {"word": {"const": f"word-{number}"}}}
        form = {"type": "json_schema", "json_schema": {"name": "x", "schema": secret}}
        client = (family, study)[number % 2]
        return text_of(ask(client, response_format=form, max_tokens=60))

    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(told, range(8)))
    for number, answer in enumerate(answers):
        assert json.loads(answer) in ({"word": f"word-{number}"}, {})


def test_embeddings_are_unit_vectors_in_order(family: openai.OpenAI) -> None:
    texts = ["The cat sleeps.", "A kitten is napping.", "Quarterly tax return"]
    coded = family.embeddings.create(model=EMBEDDING, input=texts)
    plain = family.embeddings.create(model=EMBEDDING, input=texts[0], encoding_format="float")
    cat, kitten, tax = (entry.embedding for entry in coded.data)
    assert len(cat) == 384
    assert dot(cat, cat) == pytest.approx(1, abs=1e-5)
    assert dot(cat, kitten) > dot(cat, tax) + 0.3
    assert plain.data[0].embedding == pytest.approx(cat, abs=1e-5)


def dot(left: list[float], right: list[float]) -> float:
    return sum(a * b for a, b in zip(left, right, strict=True))


def test_the_models_are_listed(family: openai.OpenAI) -> None:
    assert [model.id for model in family.models.list()] == [MODEL, EMBEDDING]


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
