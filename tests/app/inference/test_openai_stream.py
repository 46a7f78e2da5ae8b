"""Streams as OpenAI's own client sees them."""

from __future__ import annotations

import openai
from openai_requests import FRANCE, MODEL, ask, stream, streamed_text, text_of
from scripted_engine import NAME, stage

USAGE = {"include_usage": True}


def test_a_stream_is_the_same_answer_in_pieces(family: openai.OpenAI) -> None:
    whole = ask(family, FRANCE)
    chunks = stream(family, FRANCE)
    assert len(chunks) > 3
    assert streamed_text(chunks) == text_of(whole)
    assert chunks[-1].choices[0].finish_reason == whole.choices[0].finish_reason
    assert len({chunk.id for chunk in chunks}) == 1


def test_usage_comes_last_where_it_is_asked_for(family: openai.OpenAI) -> None:
    whole = ask(family, FRANCE)
    *chunks, last = stream(family, FRANCE, stream_options=USAGE)
    assert all(chunk.usage is None for chunk in chunks)
    assert last.choices == []
    assert last.usage is not None
    assert whole.usage is not None
    assert last.usage.total_tokens == whole.usage.total_tokens
    assert last.usage.prompt_tokens_details is not None
    assert (last.usage.prompt_tokens_details.cached_tokens or 0) > 0


def test_the_role_comes_first_and_only_once() -> None:
    with stage() as on:
        on.engine.says("One", " two", "")
        first, *others = stream(on.openai, model=NAME)
    assert first.choices[0].delta.role == "assistant"
    assert [chunk.choices[0].delta.role for chunk in others] == [None] * 3
    assert [chunk.choices[0].delta.content for chunk in others] == ["One", " two", None]


def test_an_answer_of_no_words_is_a_stream_all_the_same() -> None:
    with stage() as on:
        on.engine.says(length=True)
        (only,) = stream(on.openai, model=NAME)
    assert only.choices[0].delta.role == "assistant"
    assert only.choices[0].finish_reason == "length"


def test_the_client_puts_a_stream_together(family: openai.OpenAI) -> None:
    with family.chat.completions.stream(
        model=MODEL, messages=FRANCE, temperature=0, max_tokens=24
    ) as chunks:
        for _ in chunks:
            pass
        answer = chunks.get_final_completion()
    assert answer.choices[0].message.content == text_of(ask(family, FRANCE))
