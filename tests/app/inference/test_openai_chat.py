"""Chat as OpenAI's own client sees it, on a real engine over a Unix socket."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import openai
from openai.types.chat import ChatCompletion
from openai_requests import FRANCE, ask, text_of


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
