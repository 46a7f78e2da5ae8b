"""Guesses and wider batches change the time of an answer, and nothing in it."""

from __future__ import annotations

import queue
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from engine_asking import question
from model_server import SURE

from hearth.core.errors import HearthError, Unavailable
from hearth.inference import metrics
from hearth.inference.engine import drafts
from hearth.inference.engine.loop import Engine
from hearth.inference.engine.spec import ChatSpec
from hearth.inference.engine.streams import Request
from hearth.inference.generation import Done, Generation, Piece, Sampling, TokenLogprob
from hearth.inference.server import grammar

Deal = Callable[[Sequence[drafts.Guesser], Any, int], list[list[int]]]
TURNS = "".join(f"<|im_start|>{role}\n{text}<|im_end|>\n" for role, text in SURE)
PARIS = "The capital of France is Paris."
BODY = replace(question("", max_tokens=24), prompt=f"{TURNS}<|im_start|>assistant\n")

NUMBERS = ", ".join(map(str, range(1, 21)))
COUNTED = "".join(
    f"<|im_start|>user\nCount to twenty.<|im_end|>\n<|im_start|>assistant\n{text}"
    for text in (f"{NUMBERS}<|im_end|>\n", f"{NUMBERS}<|im_end|>\n", "")
)
COUNT = replace(BODY, prompt=COUNTED, max_tokens=100, caller="c")


def nothing(streams: Sequence[drafts.Guesser], _costs: Any, _most: int) -> list[list[int]]:
    return [[] for _ in streams]


def everything(streams: Sequence[drafts.Guesser], _costs: Any, most: int) -> list[list[int]]:
    return [stream.guesses(min(6, most // len(streams))) for stream in streams]


def rubbish(streams: Sequence[drafts.Guesser], _costs: Any, most: int) -> list[list[int]]:
    """A right guess, where there is one, and then fillers for the width."""
    dealt = [stream.guesses(min(1, most // len(streams))) for stream in streams]
    for stream, guesses in zip(streams, dealt, strict=True):
        while len(guesses) < min(5, most // len(streams)) and stream.fits(len(guesses) + 2):
            guesses.append(0)
    return dealt


@dataclass
class Said:
    """What a request was told."""

    text: str = ""
    tokens: list[TokenLogprob] = field(default_factory=list)
    done: Done | None = None
    fault: HearthError | None = None


class Asking:
    """The engine in this very process, because only so can its guesses be chosen."""

    def __init__(self, engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
        self._engine = engine
        self._monkeypatch = monkeypatch

    def deal(self, deal: Deal) -> None:
        self._monkeypatch.setattr(drafts, "deal", deal)

    def __call__(self, *works: Generation, leaving: int | None = None) -> list[Said]:
        """Ask together; the one at `leaving` goes away when its first piece has come."""
        said = [Said() for _ in works]
        ended: queue.SimpleQueue[None] = queue.SimpleQueue()
        requests: list[Request] = []

        def note(at: int, event: Piece | Done | HearthError) -> None:
            match event:
                case Piece(text, logprobs):
                    said[at].text += text
                    said[at].tokens += logprobs
                    requests[at].gone |= at == leaving
                case Done():
                    said[at].done = event
                case _:
                    said[at].fault = event
            if not isinstance(event, Piece):
                ended.put(None)

        def submit() -> None:  # in the engine's own thread, so that all begin in one step
            for at, work in enumerate(works):
                requests.append(self._engine.submit(work, partial(note, at)))

        self._engine._inbox.put(submit)
        for _ in works:
            ended.get(timeout=60)
        self.check()
        return said

    def check(self) -> None:
        """The cache holds what the books say."""
        checked: queue.SimpleQueue[bool] = queue.SimpleQueue()
        sequences, context = self._engine._sequences, self._engine._context

        def compare() -> None:
            there = [one for one in sequences._kept if one.parked is None]
            whole = [context.length(one.id) == len(one.tokens) for one in there]
            checked.put(all(whole))

        self._engine._inbox.put(compare)
        assert checked.get(timeout=60)


@pytest.fixture(scope="module")
def engine(model_file: Path) -> Iterator[Engine]:
    """Four at a time."""
    engine = Engine(ChatSpec(model_file, "small", context=4_096, parallel=4, threads=2))
    yield engine
    engine.close()


@pytest.fixture
def asking(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> Asking:
    """Asks it."""
    return Asking(engine, monkeypatch)


def same(asking: Asking, *works: Generation) -> list[Said]:
    """What is said, the same however it is guessed."""
    asking.deal(nothing)
    expected = asking(*works)
    for deal in (everything, rubbish):
        asking.deal(deal)
        for one, other in zip(asking(*works), expected, strict=True):
            assert (one.text, one.fault) == (other.text, other.fault)
            assert [token.bytes for token in one.tokens] == [token.bytes for token in other.tokens]
            assert one.done is not None
            assert other.done is not None
            assert one.done.completion_tokens == other.done.completion_tokens
            assert one.done.reason == other.done.reason
    return expected


def test_greedy_answers_are_the_same_and_guesses_come_true(asking: Asking) -> None:
    before = metrics.RIGHT._value.get()
    one, other, count = same(asking, BODY, replace(BODY, caller="b"), COUNT)
    assert one.text == other.text == PARIS
    assert count.text == NUMBERS
    assert metrics.RIGHT._value.get() > before + 50


@pytest.mark.parametrize("rules", [f'root ::= "{PARIS}"', 'root ::= "The " [a-zA-Z ]+ "."'])
def test_so_are_answers_under_a_grammar(asking: Asking, rules: str) -> None:
    (said, _) = same(asking, replace(BODY, grammar=rules), replace(BODY, caller="b"))
    assert said.text == PARIS
    schema: dict[str, Any] = {"type": "object", "properties": {"city": {"enum": ["Paris", "Rome"]}}}
    schema |= {"required": ["city"], "additionalProperties": False}
    (said,) = same(asking, replace(BODY, grammar=grammar.of_schema(schema)))
    assert said.done is not None
    assert said.done.reason == "stop"


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_so_are_drawn_ones_with_a_seed(asking: Asking, seed: int) -> None:
    sampling = Sampling(temperature=0.7, top_p=0.9, seed=seed)
    works = [replace(BODY, caller=name, sampling=sampling, logprobs=0) for name in "ab"]
    for said in same(asking, *works):
        assert said.text == PARIS


@pytest.mark.parametrize(
    ("stop", "text"),
    [("France", "The capital of "), (" Par", "The capital of France is"), (".", PARIS[:-1])],
)
def test_a_stop_string_inside_a_guessed_run(asking: Asking, stop: str, text: str) -> None:
    (said, other) = same(asking, replace(BODY, stop=(stop,)), replace(BODY, caller="b"))
    assert said.text == text
    assert other.text == PARIS


@pytest.mark.parametrize("most", range(1, 9))
def test_the_last_token_inside_a_guessed_run(asking: Asking, most: int) -> None:
    (said,) = same(asking, replace(BODY, max_tokens=most))
    assert said.done is not None
    assert said.done.completion_tokens == min(most, 8)
    assert said.done.reason == ("length" if most < 8 else "stop")
    assert PARIS.startswith(said.text)


@pytest.mark.parametrize("deal", [nothing, everything, rubbish])
def test_who_leaves_in_the_same_step_takes_nothing_with_it(asking: Asking, deal: Deal) -> None:
    asking.deal(deal)
    works = [replace(BODY, caller=name, max_tokens=24) for name in "abc"]
    works[1] = replace(works[1], grammar=grammar.of_schema({"type": "string", "minLength": 400}))
    works[1] = replace(works[1], max_tokens=400)
    first, gone, third = asking(*works, leaving=1)
    assert first.text == third.text == PARIS
    assert isinstance(gone.fault, Unavailable)
    (again,) = asking(BODY)
    assert again.text == PARIS


@pytest.mark.parametrize("deal", [nothing, everything, rubbish])
def test_logprobs_tell_each_token_once(asking: Asking, deal: Deal) -> None:
    asking.deal(deal)
    works = [replace(BODY, logprobs=2), question("Say: 🙂 ok.", logprobs=1, caller="b")]
    works.append(replace(COUNT, logprobs=0))
    for said in asking(*works):
        assert said.done is not None
        ended = said.done.reason == "stop"
        assert len(said.tokens) == said.done.completion_tokens - ended
        spelled = b"".join(bytes(token.bytes) for token in said.tokens)
        assert spelled.decode("utf-8", "replace") == said.text


@pytest.mark.parametrize(
    ("trigger", "rules", "text"),
    [
        ("capital", '" of Rome"', "The capital of Rome"),
        ("The cap", '"ital of Rome"', "The capital of Rome"),  # it ends inside a token
        ("The cap", '"tain"', PARIS),  # the rest of that token is forbidden: plain text goes on
        ("capital", '" capital is Rome"', "The capital capital is Rome"),  # it comes twice
        ("Berlin", '" of Rome"', PARIS),  # it never comes
        (".", '" Yes"', f"{PARIS} Yes"),
        ("The", '""', "The"),
    ],
)
def test_a_grammar_holds_from_its_trigger_on(
    asking: Asking, trigger: str, rules: str, text: str
) -> None:
    work = replace(BODY, grammar=f"root ::= {rules}", trigger=trigger)
    (said, plain) = same(asking, work, replace(BODY, caller="b"))
    assert said.text == text
    assert plain.text == PARIS
    assert said.done is not None
    assert said.done.reason == "stop"
