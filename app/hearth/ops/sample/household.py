"""The household on one day: the same day and seed give the same household."""

from __future__ import annotations

import random
from datetime import date

from hearth.ops.sample.events import events
from hearth.ops.sample.money import transactions
from hearth.ops.sample.papers import papers
from hearth.ops.sample.shapes import Event, Household, Item, Paper, Receipt, Transaction
from hearth.ops.sample.shopping import receipt

__all__ = ["Event", "Household", "Item", "Paper", "Receipt", "Transaction", "household"]

SEED = 7


def household(today: date, seed: int = SEED) -> Household:
    """The Sommer family as of `today`."""
    chance = random.Random(seed)  # noqa: S311 - a fictional family, not a secret
    bought = receipt(today, chance)
    return Household(
        today=today,
        events=events(today),
        transactions=transactions(today, chance, bought),
        papers=papers(today),
        receipt=bought,
    )
