"""A stretch of time with a name that a person would give it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from typing import Literal

Direction = Literal["future", "past"]
_DAY = timedelta(days=1)


class Grain(StrEnum):
    """How fine a phrase was."""

    MINUTE = "minute"  # a clock time; the end is the one said, or an hour later
    PART = "part"  # a morning, an evening
    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    QUARTER = "quarter"
    YEAR = "year"
    RANGE = "range"


@dataclass(frozen=True)
class Period:
    """From `start` to `end` (exclusive), both aware, in the household's zone."""

    start: datetime
    end: datetime
    grain: Grain
    until_said: bool = False  # the end was given in words and is not an assumption

    @property
    def label(self) -> str:
        """Its name with absolute dates: "Tuesday 24 November 2026", "October 2026"."""
        first, last = self.start.date(), self.last_day
        if self.grain is Grain.YEAR:
            return str(first.year)
        if self.grain is Grain.MONTH:
            return f"{first:%B %Y}"
        if self.grain is Grain.DAY:
            return day_name(first)
        if first == last:
            return f"{day_name(first)}, {clock_range(self.start, self.end)}"
        return _span_name(first, last, self.end)

    @property
    def said(self) -> str:
        """Its label with the preposition that goes before it."""
        if self.grain in {Grain.YEAR, Grain.MONTH}:
            return f"in {self.label}"
        if self.grain in {Grain.QUARTER, Grain.WEEK} or self.start.date() != self.last_day:
            return f"from {self.label}"
        return f"on {self.label}"

    @property
    def last_day(self) -> date:
        """The last calendar day that it touches."""
        return max(self.start.date(), (self.end - timedelta(microseconds=1)).date())

    def shifted(self, step: timedelta) -> Period:
        """The same period so much of wall-clock time later."""
        zone = self.start.tzinfo
        start, end = self.start.replace(tzinfo=None) + step, self.end.replace(tzinfo=None) + step
        return Period(
            exact(start.replace(tzinfo=zone)),
            exact(end.replace(tzinfo=zone)),
            self.grain,
            self.until_said,
        )


def exact(moment: datetime) -> datetime:
    """`moment` as its zone has it: a time skipped in spring moves on by the skipped hour."""
    return moment.astimezone(UTC).astimezone(moment.tzinfo)


def after(moment: datetime, elapsed: timedelta) -> datetime:
    """`moment` plus time that really passes, whatever the clocks do."""
    return (moment.astimezone(UTC) + elapsed).astimezone(moment.tzinfo)


def at(day: date, clock: time, like: datetime) -> datetime:
    """`day` at `clock` in the zone of `like`."""
    return exact(datetime.combine(day, clock, like.tzinfo))


def midnight(day: date, like: datetime) -> datetime:
    """The beginning of `day` in the zone of `like`."""
    return at(day, time(), like)


def days(first: date, until: date, like: datetime, grain: Grain) -> Period:
    """Whole days from `first` to `until` (exclusive)."""
    return Period(midnight(first, like), midnight(until, like), grain)


def day_name(day: date) -> str:
    """A day in full: "Tuesday 24 November 2026"."""
    return f"{day:%A} {day.day} {day:%B %Y}"


def clock_range(start: datetime, end: datetime) -> str:
    """Two times of day: "15:30–16:30"; an end at midnight is 24:00."""
    late = "24:00" if (end.hour, end.minute) == (0, 0) else f"{end:%H:%M}"
    return f"{start:%H:%M}–{late}"


def _span_name(first: date, last: date, end: datetime) -> str:
    same_year = first.year == last.year
    if first.day == end.day == 1 and end.time() == time():
        return f"{first:%B}{'' if same_year else f' {first.year}'} to {last:%B %Y}"
    if not same_year:
        return f"{day_name(first)} to {day_name(last)}"
    month = "" if first.month == last.month else f" {first:%B}"
    return f"{first:%A} {first.day}{month} to {day_name(last)}"
