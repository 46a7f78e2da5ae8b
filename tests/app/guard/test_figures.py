"""Figures: one canonical form whatever the notation, and none missed."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hearth.guard.figures import expand, figures


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("You spent €1,234.50.", {"1234.5"}),
        ("1.234,50 EUR", {"1234.5"}),
        ("about 1'234.50 francs", {"1234.5"}),
        ("12,000 people", {"12000"}),
        ("on 24 November 2026", {"11-24", "y2026"}),
        ("on November 24, 2026", {"11-24", "y2026"}),
        ("am 24.11.2026", {"11-24", "y2026"}),
        ("2026-11-24", {"11-24", "y2026"}),
        ("the 3rd of May", {"05-03"}),
        ("in October 2026", {"m10", "y2026"}),
        ("in October", {"m10"}),
        ("at 3:30 pm", {"15:30"}),
        ("at 3pm and 12 a.m.", {"15:00", "00:00"}),
        ("from 08:15 to 9:00", {"08:15", "09:00"}),
        ("Tuesdays, three events", {"tue", "3"}),
        ("tomorrow", {"tomorrow"}),
        ("see [1] and [2, 3]", set()),
        ("one of us may march", set()),
    ],
)
def test_figures_have_one_form(text: str, expected: set[str]) -> None:
    assert figures(text) == expected


@given(st.decimals(min_value=0, max_value=10**7, places=2))
def test_both_notations_of_an_amount_are_the_same(amount: Decimal) -> None:
    english = f"{amount:,.2f}"
    continental = english.translate(str.maketrans(",.", ".,"))
    assert figures(f"EUR {english}") == figures(f"{continental} EUR")


def test_a_date_vouches_for_its_parts_but_not_for_others() -> None:
    allowed = expand(figures("Tuesday 24 November 2026, 15:00"))
    assert figures("November 2026") <= allowed
    assert figures("3 pm on the 24th") <= allowed
    assert not figures("25 November") <= allowed
    assert not figures("16:00") <= allowed
