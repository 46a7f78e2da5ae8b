"""Recurrence rules (RFC 5545, section 3.3.10) that can be expanded in bounded time."""

from __future__ import annotations

import math
from datetime import date, datetime, time
from typing import Any

from dateutil.rrule import rrulestr

_HORIZON = 2100  # the furthest year that is asked about
_STEPS = 80_000  # a rule may be tried this often up to its end: daily for 200 years
_PER_YEAR = {
    "YEARLY": 1,
    "MONTHLY": 12,
    "WEEKLY": 53,
    "DAILY": 366,
    "HOURLY": 8_784,
    "MINUTELY": 527_040,
    "SECONDLY": 31_622_400,
}
_WITHIN_A_DAY = frozenset({"HOURLY", "MINUTELY", "SECONDLY"})
_CLOCKS = ("BYHOUR", "BYMINUTE", "BYSECOND")
_TIMES_A_DAY = 24
_CYCLE = 400  # years after which the Gregorian calendar repeats, weekdays included


class Unusable(ValueError):
    """A rule is broken, or would take too long to follow."""


def check(rule: Any, start: date | datetime) -> None:
    """Raise Unusable unless the rule (icalendar's vRecur) can be followed to its end."""
    frequency = str(_one(rule, "FREQ") or "").upper()
    if frequency not in _PER_YEAR:
        raise Unusable("the rule has no frequency such as WEEKLY")
    interval = _one(rule, "INTERVAL", 1)
    if not isinstance(interval, int) or interval < 1:
        raise Unusable("the rule's INTERVAL is not 1 or more")
    filtered = any(str(part).upper().startswith("BY") for part in rule)
    if _steps(rule, start, frequency, interval, filtered) > _STEPS or (
        filtered and frequency in _WITHIN_A_DAY
    ):
        raise Unusable(f"the {frequency.lower()} rule repeats too often")
    if math.prod(len(_many(rule, part)) or 1 for part in _CLOCKS) > _TIMES_A_DAY:
        raise Unusable("the rule repeats too often in a day")
    if filtered and not _happens(rule, start):
        raise Unusable("the rule names a day that never comes")


def end(rule: Any) -> date | datetime | None:
    """Where the rule says that it ends."""
    found: date | datetime | None = _one(rule, "UNTIL")
    return found


def _steps(
    rule: Any, start: date | datetime, frequency: str, interval: int, filtered: bool
) -> float:
    until, count = end(rule), _one(rule, "COUNT")
    years = max(1, (until.year if until else _HORIZON) - start.year + 1)
    steps = years * _PER_YEAR[frequency] / interval
    return min(steps, count) if isinstance(count, int) and not filtered else steps


def _happens(rule: Any, start: date | datetime) -> bool:
    """Whether the rule has any instance.

    dateutil searches for one up to the year 9999. Started in the last cycle of the calendar, which
    is like every other, that search is short.
    """
    plain = {part: value for part, value in rule.items() if part not in {"UNTIL", "COUNT"}}
    last = start.year + (9_999 - start.year) // _CYCLE * _CYCLE
    clock = start.time() if isinstance(start, datetime) else time()
    moved = datetime.combine(date(last, start.month, start.day), clock)
    text = type(rule)(plain).to_ical().decode()
    try:
        return next(iter(rrulestr(text, dtstart=moved)), None) is not None
    except ValueError as error:
        raise Unusable(f"the rule cannot be read: {error}") from error


def _one(rule: Any, part: str, default: Any = None) -> Any:
    values = _many(rule, part)
    return values[0] if values else default


def _many(rule: Any, part: str) -> list[Any]:
    value = rule.get(part)
    if value is None:
        return []
    return list(value) if isinstance(value, list | tuple) else [value]
