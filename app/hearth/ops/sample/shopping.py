"""The shopping trip whose receipt was kept."""

from __future__ import annotations

import random
from datetime import date

from hearth.ops.sample.days import at, workday
from hearth.ops.sample.shapes import Item, Receipt

_SHELF = (
    ("Whole milk 1 l", 119),
    ("Rye bread", 349),
    ("Butter 250 g", 229),
    ("Eggs, 10", 319),
    ("Tomatoes 500 g", 199),
    ("Red lentils 500 g", 189),
    ("Carrots 1 kg", 149),
    ("Apples 1.5 kg", 387),
    ("Olive oil 0.75 l", 899),
    ("Gouda 400 g", 419),
    ("Cat food 6 x 85 g", 549),
    ("Washing-up liquid", 195),
    ("Oat flakes 500 g", 109),
    ("Yoghurt 500 g", 165),
)


def receipt(today: date, chance: random.Random) -> Receipt:
    """Eleven things bought at the Grünmarkt a few days ago."""
    items = sorted(chance.sample(_SHELF, 11), key=_SHELF.index)
    bought = at(workday(today, -6), "17:42")
    return Receipt("Grünmarkt", bought, tuple(Item(*item) for item in items))
