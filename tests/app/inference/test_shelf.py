"""What nobody uses leaves the cache and comes back as it was, to its own caller alone."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hearth.inference.engine import sequences as bookkeeping
from hearth.inference.engine import shelf
from hearth.inference.engine.context import Context
from hearth.inference.engine.llama import Model
from hearth.inference.engine.sequence import Sequence
from hearth.inference.engine.sequences import Sequences
from hearth.inference.engine.streams import Request
from hearth.inference.generation import Generation

HEAD = [7, 7, 8, 8, 7, 7]
TOKENS = st.lists(st.integers(0, 2), min_size=1, max_size=12)


def asking(caller: str | None, prompt: list[int], further: int = 4) -> Request:
    work = Generation(caller or "", "", max_tokens=further)
    return Request(work, prompt, further, lambda _: None, common=caller is None)


class Cache:
    """A cache of tokens in place of llama.cpp's, with its rules: what is not there cannot be
    shared, and what is there is never written over. `refuses` is what it fails at, take or put."""

    def __init__(self, refuses: str = "") -> None:
        self.holds: dict[int, list[int]] = {}
        self._refuses = refuses

    def share(self, source: int, target: int, length: int) -> bool:
        assert target not in self.holds
        assert len(self.holds[source]) >= length
        self.holds[target] = self.holds[source][:length]
        return True

    def take(self, sequence: int, start: int) -> list[int]:
        if self._refuses == "take":
            raise RuntimeError
        return self.holds[sequence][start:]

    def put(self, sequence: int, state: list[int], length: int) -> bool:
        if self._refuses == "put":
            return False
        whole = self.holds.get(sequence, []) + state
        self.holds[sequence] = whole
        return len(whole) == length

    def remove(self, *sequences: int) -> None:
        for sequence in sequences:
            self.holds.pop(sequence, None)


class House:
    """Requests that come and go."""

    def __init__(self, cache: Cache, cells: int = 60) -> None:
        self.cache = cache
        self.sequences = Sequences(cells, running=3, kept=4, common=2, shelf=cells // 2)
        self.ids = self.sequences.ids
        self.running: list[Sequence] = []

    def begin(self, request: Request) -> Sequence | None:
        context = cast("Context", self.cache)
        shelf.clear_away(context, self.sequences, request)
        admission = self.sequences.admit(request.owner, request.prompt, request.max_tokens)
        if admission is None:
            return None
        shelf.enter(context, self.sequences, admission)
        sequence = admission.sequence
        there = self.cache.holds.setdefault(sequence.id, [])
        assert there == sequence.tokens == request.prompt[: len(there)]
        rest = request.prompt[len(there) :]
        assert rest
        self.sequences.grow(sequence, rest)
        there += rest
        self.running.append(sequence)
        return sequence

    def end(self) -> None:
        sequence = self.running.pop(0)
        if sequence.owner is None and self.sequences.finish_common(sequence):
            return
        ended = self.sequences.drop if sequence.owner is None else self.sequences.finish
        self.cache.remove(*ended(sequence))

    def check(self) -> None:
        assert 0 <= self.sequences.free <= self.sequences.capacity
        assert self.sequences.parked <= self.sequences.capacity // 2
        assert self.sequences.ids == self.ids
        for sequence in self.running:
            assert self.cache.holds[sequence.id] == sequence.tokens


@pytest.fixture(autouse=True)
def everything_is_in_the_way() -> Iterator[None]:
    """Sequences of a few tokens are parked too."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(bookkeeping, "_IN_THE_WAY", 1)
        yield


@settings(max_examples=300)
@given(
    st.lists(
        st.tuples(
            st.sampled_from(["a", "b", None]),
            st.booleans(),
            TOKENS,
            st.integers(1, 6),
            st.sampled_from(["end", "go on", "forget", "share anew"]),
        ),
        max_size=30,
    ),
    st.sampled_from(["", "take", "put"]),
)
def test_what_comes_back_is_what_left(
    work: list[tuple[str | None, bool, list[int], int, str]], refuses: str
) -> None:
    house = House(Cache(refuses))
    for caller, on_head, tokens, further, then in work:
        if len(house.running) == 3:
            house.end()
        house.begin(asking(caller, HEAD + tokens if on_head else tokens, further))
        if house.running and then == "end":
            house.end()
        elif then == "forget":
            house.cache.remove(*house.sequences.forget("a"))
        elif then == "share anew":
            house.cache.remove(*house.sequences.keep_common([HEAD]))
        house.check()


def ended(house: House, caller: str | None, prompt: list[int]) -> Sequence:
    sequence = house.begin(asking(caller, prompt))
    assert sequence is not None
    house.end()
    return sequence


def test_only_what_runs_is_in_the_cache() -> None:
    house = House(Cache())
    head = ended(house, None, HEAD)
    first = ended(house, "a", [*HEAD, 1, 1, 1])
    other = ended(house, "b", [2, 2, 2])
    house.begin(asking("c", [0, 0]))
    assert head.parked
    assert other.parked
    assert first.parked
    assert first.parked.base is head  # so that its beginning is not kept twice
    assert first.parked.state == [1, 1, 1]
    assert house.sequences.held == 2
    again = house.begin(asking("a", [*HEAD, 1, 1, 1, 1]))
    assert again is not None
    assert [one.parked is None for one in (head, first, other)] == [True, True, False]


def test_a_parked_prefix_is_its_callers_alone_and_can_be_forgotten() -> None:
    house = House(Cache())
    secret = ended(house, "a", [1, 2, 1, 2])
    ended(house, "c", [0, 0])
    assert secret.parked
    probe = house.sequences.admit("b", [1, 2, 1, 2, 0], 1)
    assert probe is not None
    assert probe.source is None
    house.sequences.forget("a")
    assert house.sequences.parked == 0
    again = house.sequences.admit("a", [1, 2, 1, 2, 0], 1)
    assert again is not None
    assert again.source is None


def test_the_shelf_lets_go_of_what_was_not_used_for_longest() -> None:
    house = House(Cache(), cells=20)
    old = ended(house, "a", [1] * 6)
    ended(house, "a", [2] * 6)
    ended(house, "b", [0])
    assert house.sequences.parked == 6
    again = house.begin(asking("a", [*old.tokens, 0]))
    assert again is not None
    assert again.cells[0] > 11  # computed anew


def test_a_request_too_large_to_bring_its_prefix_back_starts_without() -> None:
    house = House(Cache(), cells=20)
    ended(house, "a", [1] * 9 + [2])
    ended(house, "b", [0])
    sequence = house.begin(asking("a", [1] * 9 + [0], further=9))
    assert sequence is not None


def test_the_model_goes_on_from_what_came_back_as_if_it_had_stayed(model_file: Path) -> None:
    model = Model(model_file)
    context = Context(model, cells=512, sequences=4, threads=1, batch=64, outputs=4)
    try:
        tokens = model.tokenize("The cellar holds jam, apples, old toys and a bicycle with no")
        base, start = tokens[:6], 6
        context.add(base, 0, 1, logits=0)
        context.decode()
        assert context.share(1, 0, start)
        context.add(tokens[start:-1], start, 0, logits=0)
        context.decode()
        context.add(tokens[-1:], len(tokens) - 1, 0, logits=1)
        context.decode()
        stayed = context.logits(0).copy()
        assert context.trim(0, len(tokens) - 1)
        state = context.take(0, start)
        context.remove(0)
        assert context.share(1, 2, start)
        assert context.put(2, state, len(tokens) - 1)
        context.add(tokens[-1:], len(tokens) - 1, 2, logits=1)
        context.decode()
        assert context.logits(0) == pytest.approx(stayed, abs=1e-3)
        assert not context.put(3, state, len(tokens) - 1)  # without its beginning
    finally:
        context.close()
        model.close()
