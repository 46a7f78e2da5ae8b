"""Cells of the KV cache: never more than there are, never shared between callers."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from hearth.inference.engine.sequence import Sequence, common_prefix
from hearth.inference.engine.sequences import Sequences

TOKENS = st.lists(st.integers(0, 2), min_size=1, max_size=12)


def finished(sequences: Sequences, caller: str, tokens: list[int]) -> Sequence:
    admission = sequences.admit(caller, tokens, 1)
    assert admission is not None
    sequence = admission.sequence
    sequences.grow(sequence, tokens[len(sequence.tokens) :])
    sequences.finish(sequence)
    return sequence


def test_a_second_request_starts_from_the_first_ones_prefix() -> None:
    sequences = Sequences(cells=100, running=2, kept=2)
    first = finished(sequences, "family", [1, 2, 3, 4])
    admission = sequences.admit("family", [1, 2, 3, 9, 9], 5)
    assert admission is not None
    assert admission.source == first.id
    assert admission.sequence.tokens == [1, 2, 3]
    assert sequences.free == 100 - 4 - 2 - 5


def test_the_last_prompt_token_is_always_computed() -> None:
    sequences = Sequences(cells=100, running=2, kept=2)
    finished(sequences, "family", [1, 2, 3])
    admission = sequences.admit("family", [1, 2, 3], 1)
    assert admission is not None
    assert admission.sequence.tokens == [1, 2]


def test_another_callers_prefix_is_never_used() -> None:
    sequences = Sequences(cells=100, running=2, kept=2)
    finished(sequences, "family", [1, 2, 3])
    admission = sequences.admit("finance", [1, 2, 3, 4], 1)
    assert admission is not None
    assert admission.source is None
    assert admission.sequence.tokens == []


def test_a_prefix_can_be_taken_from_a_running_sequence() -> None:
    sequences = Sequences(cells=100, running=2, kept=2)
    first = sequences.admit("family", [1, 2, 3, 4], 5)
    assert first is not None
    sequences.grow(first.sequence, [1, 2, 3])
    second = sequences.admit("family", [1, 2, 3, 5], 5)
    assert second is not None
    assert second.source == first.sequence.id
    assert second.sequence.tokens == [1, 2, 3]


def test_the_least_recently_used_prefix_goes_first() -> None:
    sequences = Sequences(cells=12, running=2, kept=4)
    old = finished(sequences, "a", [1, 1, 1, 1])
    young = finished(sequences, "b", [2, 2, 2, 2])
    used_again = sequences.admit("a", [1, 1, 1, 1, 7], 1)
    assert used_again is not None
    admission = sequences.admit("c", [3, 3, 3], 1)
    assert admission is not None
    assert admission.evicted == (young.id,)
    assert old.id not in admission.evicted


def test_shared_cells_outlive_the_sequence_they_came_from() -> None:
    sequences = Sequences(cells=8, running=2, kept=2)
    source = finished(sequences, "a", [1, 2, 3, 4, 5])
    admission = sequences.admit("a", [1, 2, 3, 9], 4)
    assert admission is not None
    assert admission.evicted == (source.id,)
    assert sequences.free == 8 - 3 - 5


def test_a_request_waits_while_running_ones_need_the_room() -> None:
    sequences = Sequences(cells=10, running=2, kept=2)
    first = sequences.admit("a", [1, 2, 3], 4)
    assert first is not None
    assert sequences.admit("b", [4, 5], 2) is None
    sequences.drop(first.sequence)
    assert sequences.admit("b", [4, 5], 2) is not None


def test_a_covered_prefix_is_not_kept_twice() -> None:
    sequences = Sequences(cells=100, running=2, kept=8)
    first = finished(sequences, "a", [1, 2, 3])
    admission = sequences.admit("a", [1, 2, 3, 4], 1)
    assert admission is not None
    sequences.grow(admission.sequence, [3, 4])
    sequences.without_prefix(admission.sequence)
    sequences.grow(admission.sequence, [1, 2, 3, 4])
    assert sequences.finish(admission.sequence) == (first.id,)


@given(left=TOKENS, right=TOKENS)
def test_common_prefix_is_what_walking_finds(left: list[int], right: list[int]) -> None:
    length = common_prefix(left, right)
    assert left[:length] == right[:length]
    assert left[length : length + 1] != right[length : length + 1] or length in {
        len(left),
        len(right),
    }


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["a", "b"]),
            TOKENS,
            st.integers(1, 6),
            st.sampled_from(["finish", "drop", "go on"]),
        ),
        max_size=30,
    )
)
def test_the_books_balance_whatever_happens(
    work: list[tuple[str, list[int], int, str]],
) -> None:
    sequences = Sequences(cells=40, running=3, kept=3)
    running: list[tuple[Sequence, list[int]]] = []
    in_cache: set[int] = set()
    ids = sequences.ids
    for caller, prompt, further, then in work:
        if len(running) == 3:
            sequence, _ = running.pop(0)
            in_cache -= set(sequences.finish(sequence))
        admission = sequences.admit(caller, prompt, further)
        if admission is not None:
            sequence = admission.sequence
            assert sequence.id not in in_cache
            assert admission.source is None or admission.source in in_cache
            assert sequence.tokens == prompt[: len(sequence.tokens)]
            assert len(sequence.tokens) < len(prompt)
            in_cache -= set(admission.evicted)
            in_cache.add(sequence.id)
            sequences.grow(sequence, prompt[len(sequence.tokens) :])
            running.append((sequence, prompt))
        if running and then != "go on":
            sequence, whole = running.pop(0)
            assert sequence.tokens == whole
            gone = sequences.finish(sequence) if then == "finish" else sequences.drop(sequence)
            in_cache -= set(gone)
        assert 0 <= sequences.free <= 40
        assert sequences.ids == ids
        for sequence, whole in running:
            assert sequence.tokens == whole
            assert len(set(sequence.cells)) == len(whole)


def test_what_nobody_has_used_for_long_goes_and_its_cells_are_free() -> None:
    now = [0.0]
    sequences = Sequences(cells=100, running=2, kept=4, clock=lambda: now[0])
    old = finished(sequences, "family", [1, 2, 3])
    now[0] = 50.0
    finished(sequences, "study", [4, 5, 6, 7])
    now[0] = 70.0
    assert sequences.expire(60.0) == (old.id,)
    assert sequences.free == 100 - 4
    assert sequences.expire(60.0) == ()


def test_forgetting_drops_what_is_kept_and_what_runs_when_it_ends() -> None:
    sequences = Sequences(cells=100, running=2, kept=4)
    kept = finished(sequences, "family", [1, 2, 3])
    finished(sequences, "study", [1, 2])
    running = sequences.admit("family", [9, 9, 9], 2)
    assert running is not None
    assert sequences.forget("family") == (kept.id,)
    sequences.grow(running.sequence, [9, 9, 9])
    assert sequences.finish(running.sequence) == (running.sequence.id,)
    assert sequences.free == 100 - 2
