"""Booking dates as banks print them; an order of day and month that cannot be seen is refused."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date, datetime

_ISO = re.compile(r"(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})(?:[T ].*)?")
_DOTTED = re.compile(r"(\d{1,2})\.(\d{1,2})\.(\d{4}|\d{2})(?: .*)?")
_EITHER = re.compile(r"(\d{1,2})[/-](\d{1,2})[/-](\d{4}|\d{2})(?: .*)?")
_NAMED = ("%d %b %Y", "%d %B %Y", "%d-%b-%Y", "%b %d, %Y")


class DoubtfulOrder(ValueError):
    """Day and month cannot be told apart, or are in both orders."""


def day_first(texts: Iterable[str]) -> bool:
    """Whether 03/04/2026 is 3 April, as all dates together show it."""
    pairs = [(int(found[1]), int(found[2])) for t in texts if (found := _EITHER.fullmatch(t))]
    days = any(first > 12 for first, _ in pairs)
    months = any(second > 12 for _, second in pairs)
    if days and months:
        raise DoubtfulOrder("some dates have the day first and others the month")
    if not days and not months and any(first != second for first, second in pairs):
        raise DoubtfulOrder("the dates do not show whether the day or the month comes first")
    return days or not months


def parse(text: str, *, days_lead: bool) -> date:
    """The date. Raises ValueError when there is no such day."""
    if found := _ISO.fullmatch(text):
        return date(int(found[1]), int(found[2]), int(found[3]))
    if found := _DOTTED.fullmatch(text):
        return date(_year(found[3]), int(found[2]), int(found[1]))
    if found := _EITHER.fullmatch(text):
        day, month = (1, 2) if days_lead else (2, 1)
        return date(_year(found[3]), int(found[month]), int(found[day]))
    return _named(text)


def _named(text: str) -> date:
    for form in _NAMED:
        try:
            return datetime.strptime(text, form).date()
        except ValueError:
            continue
    raise ValueError(f"“{text}” is not a date")


def _year(text: str) -> int:
    return int(text) + (2000 if len(text) == 2 else 0)
