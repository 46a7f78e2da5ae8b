"""The words of one language that the grammar is built from; another language is another table."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import time

NUMBERS = {
    "a": 1,
    "an": 1,
    "one": 1,
    "a couple of": 2,
    "two": 2,
    "three": 3,
    "four": 4,
    "five": 5,
    "six": 6,
    "seven": 7,
    "eight": 8,
    "nine": 9,
    "ten": 10,
    "eleven": 11,
    "twelve": 12,
    "fourteen": 14,
    "fifteen": 15,
    "twenty": 20,
    "thirty": 30,
    "sixty": 60,
    "ninety": 90,
}
MONTHS = (
    ("january", "jan"),
    ("february", "feb"),
    ("march", "mar"),
    ("april", "apr"),
    ("may",),
    ("june", "jun"),
    ("july", "jul"),
    ("august", "aug"),
    ("september", "sept", "sep"),
    ("october", "oct"),
    ("november", "nov"),
    ("december", "dec"),
)
WEEKDAYS = (
    ("monday", "mon"),
    ("tuesday", "tues", "tue"),
    ("wednesday", "wed"),
    ("thursday", "thurs", "thur", "thu"),
    ("friday", "fri"),
    ("saturday", "sat"),
    ("sunday", "sun"),
)
# Short forms and months that are also words of their own; alone they are no date.
DOUBTFUL = frozenset({"may", "march", "mar", "mon", "wed", "sat", "sun", "jan", "jun"})
ORDINALS = {"first": 1, "second": 2, "third": 3, "fourth": 4}
PARTS = {
    "morning": (time(6), time(12)),
    "afternoon": (time(12), time(18)),
    "evening": (time(18), time(23)),
    "night": (time(18), time()),  # until midnight: what a household calls tonight
}
FEASTS = {
    "christmas eve": (12, 24, 1),
    "christmas day": (12, 25, 1),
    "christmas": (12, 25, 2),
    "boxing day": (12, 26, 1),
    "new year's eve": (12, 31, 1),
    "new year's day": (1, 1, 1),
}


def month_number(word: str) -> int:
    """1 to 12."""
    return next(n for n, names in enumerate(MONTHS, 1) if word in names)


def weekday_number(word: str) -> int:
    """0 (Monday) to 6."""
    return next(n for n, names in enumerate(WEEKDAYS) if word in names)


def number(word: str) -> int:
    """A count in digits or words."""
    return int(word) if word.isdigit() else NUMBERS[word]


def alternatives(words: Iterable[str]) -> str:
    """A regular expression for any of `words`, longest first."""
    return "|".join(sorted(words, key=len, reverse=True))
