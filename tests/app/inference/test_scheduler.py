"""Who goes next: fair, bounded, and nobody waits for ever."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hearth.inference.engine.scheduler import (
    AGED,
    Ask,
    Shares,
    Speed,
    divide,
    has_place,
    next_ask,
)

ASKS = st.builds(
    Ask,
    caller=st.sampled_from("abc"),
    background=st.booleans(),
    waited=st.floats(0, 100),
    left=st.integers(0, 3_000),
)


def test_members_go_before_background_work() -> None:
    asks = [Ask("a", background=True), Ask("a"), Ask("b")]
    assert next_ask(asks, Shares()) == 1


def test_background_work_that_has_waited_long_counts_as_a_members() -> None:
    asks = [Ask("a", background=True, waited=AGED), Ask("a")]
    assert next_ask(asks, Shares()) == 0


def test_one_pod_with_ten_requests_does_not_starve_another() -> None:
    shares = Shares()
    asks = [Ask("greedy")] * 10 + [Ask("modest")] * 2
    shares.active(ask.caller for ask in asks)
    order = []
    while asks:
        ask = asks.pop(next_ask(asks, shares))
        shares.charge(ask.caller, 500)
        order.append(ask.caller)
    assert order[:4] == ["greedy", "modest", "greedy", "modest"]


def test_who_comes_back_has_saved_nothing_up() -> None:
    shares = Shares()
    shares.active(["a", "b"])
    shares.charge("a", 1_000)
    shares.charge("b", 1_000)
    shares.active(["a"])
    shares.charge("a", 5_000)
    shares.active(["a", "b"])
    assert shares.of("b") == shares.of("a")


@given(st.lists(st.sampled_from("abc"), min_size=1, max_size=30), st.integers(1, 5))
def test_every_request_is_served_in_bounded_time(arrivals: list[str], places: int) -> None:
    """However long `z` goes on asking, the others are through after their own number of rounds."""
    shares = Shares()
    waiting = [Ask(caller) for caller in arrivals]
    rounds = 0
    while any(ask.caller != "z" for ask in waiting):
        waiting += [Ask("z")] * places
        shares.active(ask.caller for ask in waiting)
        for _ in range(places):
            ask = waiting.pop(next_ask(waiting, shares))
            shares.charge(ask.caller, 100)
        rounds += 1
        assert rounds <= 4 * len(arrivals) + 4


@given(st.lists(ASKS, max_size=12), ASKS, st.integers(1, 8))
def test_places_are_never_more_than_one_too_many(running: list[Ask], ask: Ask, places: int) -> None:
    if has_place(ask, running, places):
        assert len(running) <= places


def test_the_last_place_is_for_members() -> None:
    running = [Ask("a", background=True)]
    assert not has_place(Ask("a", background=True), running, 2)
    assert has_place(Ask("a"), running, 2)


def test_a_caller_without_a_place_gets_one_beside_full_ones() -> None:
    running = [Ask("greedy")] * 4
    assert not has_place(Ask("greedy"), running, 4)
    assert has_place(Ask("modest"), running, 4)
    assert not has_place(Ask("third"), [*running, Ask("modest")], 4)


@given(st.integers(0, 600), st.lists(ASKS, max_size=12), st.floats(1, 5_000))
def test_parts_fit_the_budget_and_leave_none_of_it(
    budget: int, reading: list[Ask], speed: float
) -> None:
    parts = divide(budget, reading, speed)
    assert all(0 <= part <= ask.left for part, ask in zip(parts, reading, strict=True))
    assert sum(parts) == min(budget, sum(ask.left for ask in reading))


@given(st.lists(ASKS, min_size=1, max_size=12), st.integers(3, 600))
def test_callers_read_alike(reading: list[Ask], budget: int) -> None:
    """No caller gets less than its equal part while another gets more than that."""
    members = [ask for ask in reading if not ask.yields and ask.left]
    parts = divide(budget, members, 200)
    got: dict[str, int] = {}
    left: dict[str, int] = {}
    for ask, part in zip(members, parts, strict=True):
        got[ask.caller] = got.get(ask.caller, 0) + part
        left[ask.caller] = left.get(ask.caller, 0) + ask.left - part
    hungry = [caller for caller in got if left[caller]]
    if hungry:
        assert max(got.values()) - min(got[caller] for caller in hungry) <= len(got)


def test_a_short_prompt_is_read_before_a_long_one_of_the_same_pod() -> None:
    assert divide(100, [Ask("a", left=4_000), Ask("a", left=50)], 200) == [50, 50]


def test_a_long_prompt_that_has_waited_is_not_overtaken() -> None:
    asks = [Ask("a", left=4_000, waited=60), Ask("a", left=50)]
    assert divide(100, asks, 200) == [100, 0]


def test_prompts_leave_running_streams_their_gap() -> None:
    speed = Speed()
    for _ in range(50):
        speed.note(64, 0.040 + 0.320, alone=0.040)
    assert speed.reading == pytest.approx(200, rel=0.05)

    assert speed.budget(decoding=4, alone=0.040, room=512) == 12  # 16 rows in all
    assert speed.budget(decoding=8, alone=0.150, room=512) == 24  # 32
    assert speed.budget(decoding=8, alone=0.240, room=512) == 56  # 64 rather than 48
    assert 160 <= speed.budget(decoding=0, alone=0.0, room=512) <= 208
    assert speed.budget(decoding=0, alone=0.0, room=40) == 40


@given(st.integers(0, 512), st.integers(0, 64), st.floats(0, 10), st.floats(0, 10))
def test_a_budget_fits_the_batch(room: int, decoding: int, seconds: float, alone: float) -> None:
    speed = Speed()
    speed.note(64, seconds + 0.001, alone=alone)
    budget = speed.budget(decoding=decoding, alone=alone, room=room)
    assert 0 <= budget <= room
