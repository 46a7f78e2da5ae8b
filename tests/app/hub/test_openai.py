"""The pods through OpenAI's own client, over a real connection."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import openai
import pytest
from hub_house import House

from hearth.core.people import Right


@pytest.fixture
def client(house: House, anna: str) -> Iterator[openai.OpenAI]:
    """OpenAI's client with a token of Anna's."""
    program = house.program(anna, ["family"], [Right.ASK])
    key = program.headers["Authorization"].removeprefix("Bearer ")
    with openai.OpenAI(base_url=f"{house.url}/v1", api_key=key, max_retries=0) as client:
        yield client


def _user(text: str) -> Any:
    return [{"role": "user", "content": text}]


def test_the_models_are_the_pods_that_the_token_may_ask(client: openai.OpenAI) -> None:
    assert [model.id for model in client.models.list()] == ["family"]
    assert client.models.retrieve("family").owned_by == "hearth"
    with pytest.raises(openai.NotFoundError):
        client.models.retrieve("finance")


def test_a_completion_is_the_pods_answer_with_its_sources(client: openai.OpenAI) -> None:
    answer = client.chat.completions.create(model="family", messages=_user("hello"))
    content = answer.choices[0].message.content
    assert content is not None
    assert content.endswith("said hello [1].")
    assert answer.choices[0].finish_reason == "stop"
    extension = (answer.model_extra or {})["hearth"]
    assert extension["citations"][0]["ref"] == "event:12"


def test_a_stream_adds_up_to_the_answer(client: openai.OpenAI) -> None:
    chunks = list(
        client.chat.completions.create(model="family", messages=_user("hello"), stream=True)
    )
    said = "".join(chunk.choices[0].delta.content or "" for chunk in chunks)
    assert said.endswith("said hello [1].")
    assert chunks[0].choices[0].delta.role == "assistant"
    assert chunks[-1].choices[0].finish_reason == "stop"
    assert (chunks[-1].model_extra or {})["hearth"]["citations"][0]["number"] == 1


def test_a_request_begins_a_conversation_unless_it_names_one(
    client: openai.OpenAI, house: House, anna: str
) -> None:
    def conversation(**more: Any) -> str:
        answer = client.chat.completions.create(model="family", messages=_user("hello"), **more)
        return str((answer.model_extra or {})["hearth"]["conversation"])

    first = conversation()
    assert conversation() != first
    assert conversation(metadata={"conversation": first}) == first
    assert conversation(extra_headers={"X-Hearth-Conversation": first}) == first
    path = f"/api/v1/pods/family/conversations/{first}"
    assert len(house.browser(anna).get(path).json()["messages"]) == 6


def test_only_the_last_user_message_is_asked(client: openai.OpenAI, house: House) -> None:
    messages: Any = [
        {"role": "system", "content": "Speak like a pirate."},
        {"role": "user", "content": "earlier"},
        {"role": "assistant", "content": "aye"},
        {"role": "user", "content": [{"type": "text", "text": "last"}]},
    ]
    answer = client.chat.completions.create(model="family", messages=messages, temperature=0.2)
    assert str(answer.choices[0].message.content).endswith("said last [1].")
    assert house.pods["family"].agent.asked[-1] == "last"


def test_a_proposal_comes_along(client: openai.OpenAI) -> None:
    answer = client.chat.completions.create(model="family", messages=_user("note the bins"))
    assert (answer.model_extra or {})["hearth"]["proposals"][0]["state"] == "proposed"


@pytest.mark.parametrize(
    ("request_", "error", "words"),
    [
        ({"model": "finance"}, openai.NotFoundError, "no pod 'finance'"),
        ({"n": 2}, openai.UnprocessableEntityError, "one answer"),
        ({"messages": []}, openai.UnprocessableEntityError, "messages"),
        ({"messages": [{"role": "system", "content": "x"}]}, openai.APIStatusError, "no question"),
        (
            {"messages": [{"role": "user", "content": [{"type": "image_url"}]}]},
            openai.UnprocessableEntityError,
            "image_url",
        ),
        (
            {"tools": [{"type": "function", "function": {"name": "x"}}]},
            openai.UnprocessableEntityError,
            "its own tools",
        ),
        ({"messages": _user("x" * 40_000)}, openai.APIStatusError, "Add it as a document"),
        ({"messages": _user("fail please")}, openai.InternalServerError, "the model is away"),
    ],
)
def test_what_a_pod_cannot_do_is_an_error_of_openais_kind(
    client: openai.OpenAI, request_: dict[str, Any], error: type[Exception], words: str
) -> None:
    request = {"model": "family", "messages": _user("hello")} | request_
    with pytest.raises(error, match=words):
        client.chat.completions.create(**request)


def test_a_failure_within_a_stream_reaches_the_client(client: openai.OpenAI) -> None:
    stream = client.chat.completions.create(
        model="family", messages=_user("fail please"), stream=True
    )
    with pytest.raises(openai.APIError, match="the model is away"):
        list(stream)


def test_a_wrong_key_is_an_authentication_error(house: House) -> None:
    with (
        openai.OpenAI(base_url=f"{house.url}/v1", api_key="hearth_wrong", max_retries=0) as client,
        pytest.raises(openai.AuthenticationError, match="not known"),
    ):
        client.models.list()
