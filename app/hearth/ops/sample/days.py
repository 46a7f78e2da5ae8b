"""Days counted from today, as people count them."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

HOME = ZoneInfo("Europe/Berlin")
NEW_YORK = ZoneInfo("America/New_York")
MONDAY, TUESDAY, WEDNESDAY, THURSDAY, FRIDAY, SATURDAY, SUNDAY = range(7)


def at(day: date, clock: str, zone: ZoneInfo = HOME) -> datetime:
    """`day` at a time of day such as "19:30"."""
    return datetime.combine(day, time.fromisoformat(clock), zone)


def coming(today: date, weekday: int, weeks: int = 0) -> date:
    """The next such weekday, today included, and then `weeks` later."""
    return today + timedelta(days=(weekday - today.weekday()) % 7 + 7 * weeks)


def workday(today: date, days: int) -> date:
    """The day so many days from today, moved past a weekend."""
    day = today + timedelta(days=days)
    return day + timedelta(days=max(0, 7 - day.weekday()) if day.weekday() > FRIDAY else 0)


def month_start(day: date, months: int = 0) -> date:
    """The first day of the month so many months from the one of `day`."""
    count = day.year * 12 + day.month - 1 + months
    return date(count // 12, count % 12 + 1, 1)


def nth_weekday(month: date, weekday: int, nth: int) -> date:
    """The `nth` (from 1) such weekday of the month that `month` starts."""
    return coming(month, weekday, nth - 1)


def written(day: date) -> str:
    """A day in words: "Tuesday, 8 December 2026"."""
    return f"{day:%A}, {day.day} {day:%B %Y}"
