"""Guesses at the next tokens."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hearth.inference.engine.costs import Costs
from hearth.inference.engine.drafts import Lookup, deal

TOKENS = st.lists(st.integers(0, 3), max_size=40)


@dataclass
class Guesser:
    """A stream that knows what comes, and may still have `rest` tokens."""

    offer: list[int]
    rest: int = 100
    luck: float = 0.8

    def guesses(self, most: int) -> list[int]:
        return self.offer[: min(most, self.rest - 1)]

    def fits(self, tokens: int) -> bool:
        return tokens <= self.rest


def test_what_followed_the_last_three_tokens_is_guessed() -> None:
    lookup = Lookup([1, 2, 3, 4, 5, 6, 9, 1, 2, 3])
    assert lookup.guess(2) == [4, 5]
    lookup.add(4)
    assert lookup.guess(3) == [5, 6, 9]


def test_what_was_never_there_is_not_guessed() -> None:
    assert Lookup([1, 2, 3, 4]).guess(4) == []
    assert Lookup([]).guess(4) == []


@given(TOKENS, st.integers(0, 5))
def test_guesses_are_a_part_of_what_came(tokens: list[int], most: int) -> None:
    guesses = Lookup(tokens).guess(most)
    assert len(guesses) <= most
    if guesses:
        run = [*tokens[-3:], *guesses]
        assert any(tokens[at : at + len(run)] == run for at in range(len(tokens)))


def costs(table: dict[int, float]) -> Costs:
    learned = Costs()
    for rows, seconds in table.items():
        learned.note(rows, seconds)
    return learned


def dealt(streams: list[Guesser], table: dict[int, float], most: int = 64) -> list[int]:
    return [len(guesses) for guesses in deal(streams, costs(table), most)]


# Seconds by rows: eight at a time, in proportion, and nearly free.
STEPS = {rows: 0.020 * (rows if rows % 8 else rows * 0.7) for rows in range(1, 25)}
LINE = {rows: 0.020 * rows for rows in range(1, 25)}
FREE = {rows: 0.020 + 0.0001 * rows for rows in range(1, 65)}


@pytest.mark.parametrize(("streams", "rows"), [(1, 1), (3, 3), (6, 8), (7, 8), (8, 8), (12, 16)])
def test_a_width_that_computes_faster_is_filled_up(streams: int, rows: int) -> None:
    assert streams + sum(dealt([Guesser([])] * streams, STEPS)) == rows


def test_where_each_row_costs_as_much_only_certain_guesses_are_worth_it() -> None:
    assert dealt([Guesser([5, 6, 7], luck=0.6)], LINE) == [0]


def test_where_rows_cost_nothing_every_guess_is_tried() -> None:
    assert dealt([Guesser([5, 6, 7], luck=0.6), Guesser([8], luck=0.6)], FREE) == [3, 1]


def test_likelier_guesses_go_first() -> None:
    streams = [Guesser([5, 6, 7], luck=0.9), Guesser([8, 9], luck=0.5), *[Guesser([])] * 4]
    assert dealt(streams, STEPS)[:2] == [2, 0]


@given(st.lists(st.builds(Guesser, TOKENS, st.integers(1, 4), st.floats(0, 1)), max_size=20))
def test_nobody_gets_more_rows_than_it_has_tokens_left(streams: list[Guesser]) -> None:
    for table in (STEPS, LINE, FREE):
        rows = dealt(streams, table, most=12)
        assert sum(rows) <= 12
        assert all(
            1 + count <= stream.rest for count, stream in zip(rows, streams, strict=True) if count
        )


def test_luck_is_the_share_of_guesses_that_were_right() -> None:
    lookup = Lookup([1, 2, 3, 4] * 20)
    assert lookup.luck > 0.9
    for token in (9, 8, 7, 1, 2, 3, 9, 8, 7, 2, 2, 3, 9, 8, 7, 3):
        lookup.add(token)
    assert lookup.luck < 0.9


def test_what_rows_cost_is_learned_apart_from_how_slow_all_steps_are() -> None:
    learned = costs(FREE)
    for _ in range(300):
        learned.note(4, 3 * FREE[4])  # contexts have grown, and only four rows were seen since
    assert learned.of(4) == pytest.approx(FREE[4], rel=0.15)


def test_uneven_times_do_not_make_one_number_of_rows_look_cheap() -> None:
    learned = costs(LINE)
    for step in range(3_000):
        learned.note(8, LINE[8] * (3.0 if step % 10 == 0 else 1.0))
    assert learned.of(8) / learned.of(7) == pytest.approx(8 / 7, rel=0.15)


def test_a_bad_moment_is_forgotten() -> None:
    learned = costs(LINE | {8: 1.5 * LINE[8]})
    for _ in range(100):
        learned.note(8, LINE[8])
        learned.note(7, LINE[7])
    assert learned.of(8) / learned.of(7) == pytest.approx(8 / 7, rel=0.1)


@given(
    st.dictionaries(st.integers(1, 64), st.floats(0.001, 1), max_size=12),
    st.integers(0, 64),
    st.lists(st.floats(0, 1), max_size=20),
    st.integers(0, 20),
)
def test_further_rows_are_bounded(
    table: dict[int, float], rows: int, gains: list[float], most: int
) -> None:
    assert 0 <= costs(table).further_rows(rows, sorted(gains, reverse=True), most) <= most
