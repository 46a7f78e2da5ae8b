"""Calendar arithmetic: which day, week or month is meant, seen from a day."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from dateutil.relativedelta import relativedelta

from hearth.tools.when.period import Direction, Grain

DAY = timedelta(days=1)
WEEK = timedelta(days=7)
_MONTHS = {"month": 1, "quarter": 3, "year": 12}
_GRAINS = {"week": Grain.WEEK, "month": Grain.MONTH, "quarter": Grain.QUARTER, "year": Grain.YEAR}


@dataclass(frozen=True)
class Now:
    """Where a phrase is spoken from."""

    moment: datetime  # aware
    direction: Direction

    @property
    def today(self) -> date:
        """The day it is."""
        return self.moment.date()


@dataclass(frozen=True)
class Days:
    """Whole days from `first` to `until` (exclusive), perhaps narrowed to a part of the day.

    `repeats` is the step to the next reading when this one has passed ("in the evening": a day).
    """

    first: date
    until: date
    grain: Grain
    part: str | None = None
    repeats: timedelta | None = None


def one_day(day: date, *, part: str | None = None, repeats: timedelta | None = None) -> Days:
    """A single day."""
    return Days(day, day + DAY, Grain.PART if part else Grain.DAY, part, repeats)


def unit(name: str, offset: int, today: date) -> Days:
    """The week, weekend, month, quarter or year so many after the one of `today`."""
    if name == "weekend":
        saturday = _monday(today) + offset * WEEK + 5 * DAY
        return Days(saturday, saturday + 2 * DAY, Grain.RANGE)
    if name == "week":
        monday = _monday(today) + offset * WEEK
        return Days(monday, monday + WEEK, Grain.WEEK)
    if name == "day":
        return one_day(today + offset * DAY)
    months = _MONTHS[name]
    month = today.month - (today.month - 1) % months
    first = date(today.year, month, 1) + relativedelta(months=offset * months)
    return Days(first, first + relativedelta(months=months), _GRAINS[name])


def rolling(name: str, count: int, today: date) -> Days:
    """So many units that end (negative) or begin with today, today included."""
    step = relativedelta(
        days=count if name == "day" else 0,
        weeks=count if name == "week" else 0,
        months=count * _MONTHS.get(name, 0),
    )
    if count < 0:
        return Days(today + DAY + step, today + DAY, Grain.RANGE)
    return Days(today, today + step, Grain.RANGE)


def whole(name: str, count: int, today: date) -> Days:
    """The `count` calendar units before the current one."""
    return Days(unit(name, -count, today).first, unit(name, 0, today).first, Grain.RANGE)


def weekday(number: int, now: Now) -> Days:
    """A bare weekday: the first one after today or, looking back, before it."""
    if now.direction == "past":
        return last_weekday(number, now.today)
    return one_day(now.today + timedelta(days=(number - now.today.weekday() - 1) % 7 + 1))


def weekday_of_week(number: int, offset: int, now: Now) -> Days:
    """The weekday of a week so many after this one."""
    day = _monday(now.today) + offset * WEEK + timedelta(days=number)
    if offset == 0 and day < now.today and now.direction == "future":
        day += WEEK
    return one_day(day)


def last_weekday(number: int, today: date) -> Days:
    """The latest such weekday before today."""
    return one_day(today - timedelta(days=(today.weekday() - number - 1) % 7 + 1))


def month(number: int, year: int | None, now: Now) -> Days:
    """A month; without a year the current or nearest one in the direction looked at."""
    today = now.today
    if year is None:
        year = today.year
        if now.direction == "past" and number > today.month:
            year -= 1
        elif now.direction == "future" and number < today.month:
            year += 1
    first = date(year, number, 1)
    return Days(first, first + relativedelta(months=1), Grain.MONTH)


def month_day(number: int, day: int, year: int | None, now: Now) -> date | None:
    """A day of a month; None when the calendar has no such day."""
    if year is not None:
        return valid(year, number, day)
    step = -1 if now.direction == "past" else 1
    for candidate in range(now.today.year, now.today.year + 9 * step, step):
        found = valid(candidate, number, day)  # 29 February exists every few years
        if found and (found - now.today) * step >= timedelta(0):
            return found
    return None


def day_of_month(day: int, offset: int | None, now: Now) -> date | None:
    """ "The 24th": of the month `offset` from this one, else the nearest that has such a day."""
    first = now.today.replace(day=1)
    if offset is not None:
        shown = first + relativedelta(months=offset)
        return valid(shown.year, shown.month, day)
    step = -1 if now.direction == "past" else 1
    for count in range(13):
        shown = first + relativedelta(months=count * step)
        found = valid(shown.year, shown.month, day)
        if found and (found - now.today) * step >= timedelta(0):
            return found
    return None


def valid(year: int, number: int, day: int) -> date | None:
    """The date, where the calendar has it."""
    try:
        return date(year, number, day)
    except ValueError:
        return None


def _monday(day: date) -> date:
    return day - timedelta(days=day.weekday())
