"""The days that a question is about, also where it only says "the month before"."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime, timedelta

from dateutil.relativedelta import relativedelta

from hearth.tools import when
from hearth.tools.when import Grain, Period
from hearth.tools.when.period import days

_U = "day|week|month|quarter|year"
_BEFORE = re.compile(
    rf"\b(?P<unit>{_U}) (?:before|earlier|prior)\b(?! last)"
    rf"|\b(?:previous|preceding) (?P<other>{_U})\b",
    re.IGNORECASE,
)
_AFTER = re.compile(
    rf"\b(?P<unit>{_U}) (?:after|later)\b|\bfollowing (?P<other>{_U})\b", re.IGNORECASE
)
_DAY = timedelta(days=1)
_STEPS = {
    "day": relativedelta(days=1),
    "week": relativedelta(weeks=1),
    "month": relativedelta(months=1),
    "quarter": relativedelta(months=3),
    "year": relativedelta(years=1),
}
_GRAINS = {
    "day": Grain.DAY,
    "week": Grain.WEEK,
    "month": Grain.MONTH,
    "quarter": Grain.QUARTER,
    "year": Grain.YEAR,
}


def of(requests: Sequence[str], now: datetime) -> Period | None:
    """The period of the last request; where it is relative, counted from those before it."""
    *earlier, request = requests
    for pattern, sign in ((_BEFORE, -1), (_AFTER, 1)):
        if found := pattern.search(request):
            unit = (found["unit"] or found["other"]).lower()
            base = latest(earlier, now) or when.resolve(f"this {unit}", now, "past")
            return base and _moved(base, unit, sign)
    said = when.find(request, now, "past")
    return _whole_days(said.period) if said and said.dated else None


def without(request: str, now: datetime) -> str:
    """The request without its words of time."""
    bare = _AFTER.sub(" ", _BEFORE.sub(" ", request))
    said = when.find(bare, now, "past")
    return when.without(bare, said.pieces) if said and said.dated else bare


def latest(requests: Sequence[str], now: datetime) -> Period | None:
    """The period that the talk was last about."""
    ends = range(len(requests), 0, -1)
    return next((found for end in ends if (found := of(requests[:end], now))), None)


def _moved(base: Period, unit: str, sign: int) -> Period:
    """The period a unit away; from a longer one, the unit that borders on it."""
    first, until = base.start.date(), base.last_day + _DAY
    step = _STEPS[unit]
    if first + step >= until:
        return days(first + sign * step, until + sign * step, base.start, base.grain)
    if sign < 0:
        return days(first - step, first, base.start, _GRAINS[unit])
    return days(until, until + step, base.start, _GRAINS[unit])


def _whole_days(period: Period) -> Period:
    """The days that a period touches; payments have no time of day."""
    if period.grain not in {Grain.MINUTE, Grain.PART}:
        return period
    return days(period.start.date(), period.last_day + _DAY, period.start, Grain.DAY)
