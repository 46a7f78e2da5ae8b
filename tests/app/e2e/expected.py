"""What the sample household's answers must hold, computed here without any of Hearth's engines."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from dateutil.rrule import rrulestr

from hearth.ops.sample import Event, Household, Transaction

ZONE = ZoneInfo("Europe/Berlin")
YEARS = timedelta(days=800)


def instances(event: Event, until: date) -> list[tuple[datetime, datetime]]:
    """Every instance up to `until`, as aware times in the household's zone."""
    if not isinstance(event.start, datetime):
        starts: Iterable[date | datetime] = _days(event, until)
        return [(_midnight(day), _midnight(day) + event.lasts) for day in starts]
    zone = event.start.tzinfo
    naive = event.start.replace(tzinfo=None)
    end = datetime.combine(until, time.max)
    times = (
        rrulestr(event.rule, dtstart=naive).between(naive, end, inc=True) if event.rule else [naive]
    )
    moved = {old.replace(tzinfo=None): new for old, new in event.moved}
    skipped = {gone.replace(tzinfo=None) for gone in event.skipped}
    kept = [moved.get(at, at.replace(tzinfo=zone)) for at in times if at not in skipped]
    return [(at.astimezone(ZONE), (at + event.lasts).astimezone(ZONE)) for at in kept]


def _days(event: Event, until: date) -> list[date]:
    if not event.rule:
        return [event.start]
    first = datetime(event.start.year, event.start.month, event.start.day)
    end = datetime.combine(until, time.max)
    return [at.date() for at in rrulestr(event.rule, dtstart=first).between(first, end, inc=True)]


def _midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=ZONE)


def between(house: Household, calendars: set[str], start: datetime, end: datetime) -> list[str]:
    """The summaries of what overlaps a period."""
    return [
        event.summary
        for event in house.events
        if event.calendar in calendars
        for begins, ends in instances(event, end.date())
        if begins < end and ends > start
    ]


def on(house: Household, calendars: set[str], day: date) -> list[str]:
    """The summaries of a day."""
    return between(house, calendars, _midnight(day), _midnight(day + timedelta(days=1)))


def following(house: Household, summary: str, now: datetime) -> datetime:
    """When the next instance begins."""
    event = next(event for event in house.events if event.summary == summary)
    return min(at for at, _ in instances(event, now.date() + YEARS) if at >= now)


def month_before(today: date, months: int = 1) -> tuple[date, date]:
    """The first day of a whole month before this one, and the first day after it."""
    end = today.replace(day=1)
    for _ in range(months - 1):
        end = (end - timedelta(days=1)).replace(day=1)
    return (end - timedelta(days=1)).replace(day=1), end


def spent(rows: Iterable[Transaction], start: date, end: date, **wanted: str) -> int:
    """Cents that went out in a period, by category or payee; transfers of one's own are none."""
    return -sum(
        row.minor_units
        for row in rows
        if start <= row.booked < end
        and row.minor_units < 0
        and row.category != "transfer"
        and all(getattr(row, key) == value for key, value in wanted.items())
    )


def earned(rows: Iterable[Transaction], start: date, end: date) -> int:
    """Cents that came in, without transfers of one's own."""
    return sum(
        row.minor_units
        for row in rows
        if start <= row.booked < end and row.minor_units > 0 and row.category != "transfer"
    )


def largest(rows: Iterable[Transaction], year: int, count: int) -> list[int]:
    """The cents of the largest payments of a year, largest first."""
    amounts = Counter(
        {
            index: -row.minor_units
            for index, row in enumerate(rows)
            if row.booked.year == year and row.minor_units < 0 and row.category != "transfer"
        }
    )
    return [amount for _, amount in amounts.most_common(count)]


def money(cents: int) -> str:
    """Cents as they are printed: 1,234.50."""
    return f"{cents / 100:,.2f}"


def long_date(day: date) -> str:
    """A date as answers print it: 8 December."""
    return f"{day.day} {day:%B}"
