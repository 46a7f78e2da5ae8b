"""Log probabilities as OpenAI's own client sees them."""

from __future__ import annotations

import math

import openai
import pytest
from openai.types.chat import ChatCompletionTokenLogprob
from openai_requests import FRANCE, ask, function, stream, text_of
from scripted_engine import NAME, QWEN, Stage, stage

from hearth.inference.generation import Alternative, Done, Piece, TokenLogprob

EURO = "€".encode()
OTHER = Alternative(tuple(b" no"), -math.inf)
FIRST = TokenLogprob(tuple(EURO[:2]), -0.25, (Alternative(tuple(EURO[:2]), -0.25), OTHER))
SECOND = TokenLogprob(tuple(EURO[2:]), -0.5, (Alternative(tuple(EURO[2:]), -0.5),))
HELLO = TokenLogprob(tuple(b"Hello"), -1.0)


def play(on: Stage) -> None:
    pieces = [Piece("Hello", (HELLO,)), Piece("", (FIRST,)), Piece("€", (SECOND,))]
    on.engine.answers.append([*pieces, Done("stop", 1, 3, 0)])


def check(tokens: list[ChatCompletionTokenLogprob]) -> None:
    assert [token.token for token in tokens] == ["Hello", "\ufffd", "\ufffd"]
    assert [token.logprob for token in tokens] == [-1.0, -0.25, -0.5]
    assert b"".join(bytes(token.bytes or ()) for token in tokens).decode() == "Hello€"
    assert [len(token.top_logprobs) for token in tokens] == [0, 2, 1]
    assert tokens[1].top_logprobs[1].bytes == list(b" no")
    assert tokens[1].top_logprobs[1].logprob == -9999.0


def test_tokens_are_told_with_their_bytes() -> None:
    with stage() as on:
        play(on)
        logprobs = ask(on.openai, model=NAME, logprobs=True, top_logprobs=2).choices[0].logprobs
    assert on.work.logprobs == 2
    assert logprobs is not None
    check(logprobs.content or [])


@pytest.mark.parametrize("tools", [[], [function("f")]])
def test_a_stream_tells_each_token_once(tools: list[object]) -> None:
    with stage(QWEN) as on:
        play(on)
        chunks = stream(on.openai, model=NAME, logprobs=True, **({"tools": tools} if tools else {}))
    assert on.work.logprobs == 0
    told = [chunk.choices[0].logprobs for chunk in chunks]
    check([token for one in told if one for token in one.content or ()])


def test_there_are_none_unless_asked_for() -> None:
    with stage() as on:
        play(on)
        assert ask(on.openai, model=NAME).choices[0].logprobs is None
        assert on.work.logprobs is None
        play(on)
        assert all(chunk.choices[0].logprobs is None for chunk in stream(on.openai, model=NAME))


def test_a_model_tells_what_it_thought(family: openai.OpenAI) -> None:
    answer = ask(family, FRANCE, logprobs=True, top_logprobs=3)
    logprobs = answer.choices[0].logprobs
    assert logprobs is not None
    assert logprobs.content
    text = b"".join(bytes(token.bytes or ()) for token in logprobs.content).decode()
    assert text == text_of(answer)
    for token in logprobs.content:
        assert len(token.top_logprobs) == 3
        assert token.logprob == pytest.approx(max(one.logprob for one in token.top_logprobs))
        assert sum(math.exp(one.logprob) for one in token.top_logprobs) <= 1.001
    told = [chunk.choices[0].logprobs for chunk in stream(family, FRANCE, logprobs=True)]
    streamed = [token for one in told if one for token in one.content or ()]
    assert [token.token for token in streamed] == [token.token for token in logprobs.content]
