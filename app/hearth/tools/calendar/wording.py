"""Events in words, with absolute dates, and as evidence."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta

from hearth.core.tools import Fact
from hearth.core.turns import Citation
from hearth.tools.calendar.occurrences import Occurrence
from hearth.tools.when import Grain, Period
from hearth.tools.when.period import clock_range, day_name

MOST = 40  # events shown in one answer
_RELATIVE = {-1: "Yesterday", 0: "Today", 1: "Tomorrow"}
_DAY = timedelta(days=1)


def citation(number: int, event: Occurrence) -> Citation:
    """The event as a numbered source."""
    return Citation(
        number=number,
        ref=event.ref,
        kind="event",
        title=event.summary,
        source=event.source,
        locator=f"line {event.line}" if event.line else "",
        snippet=sentence(event),
    )


def fact(number: int, event: Occurrence, note: str = "") -> Fact:
    """The event as a line of evidence."""
    return Fact(text=f"{note}{sentence(event)}", citation=citation(number, event))


def sentence(event: Occurrence) -> str:
    """The whole event: "Tuesday 24 November 2026, 08:30–09:00: Chimney sweep (At home)"."""
    return f"{moment(event)}: {titled(event)}"


def titled(event: Occurrence) -> str:
    """Its name and place."""
    return f"{event.summary} ({event.location})" if event.location else event.summary


def moment(event: Occurrence) -> str:
    """When it is, with absolute dates."""
    first, last = event.start.date(), last_day(event)
    if event.all_day:
        return f"{span(first, last)}, all day"
    if first == last:
        return f"{day_name(first)}, {hours(event)}"
    return f"{day_name(first)}, {event.start:%H:%M} to {day_name(last)}, {event.end:%H:%M}"


def hours(event: Occurrence) -> str:
    """Its time of day on its own day: "08:30–09:00", "from 22:00", "all day"."""
    if event.all_day:
        return "all day"
    if event.start == event.end:
        return f"{event.start:%H:%M}"
    if last_day(event) == event.start.date():
        return clock_range(event.start, event.end)
    return f"from {event.start:%H:%M}"


def last_day(event: Occurrence) -> date:
    """The last day that it touches."""
    return max(event.start.date(), (event.end - timedelta(microseconds=1)).date())


def span(first: date, last: date) -> str:
    """One day or several, in full."""
    return day_name(first) if first == last else f"{day_name(first)} to {day_name(last)}"


def named_day(day: date, today: date) -> str:
    """A day as a heading: "Tomorrow, Tuesday 24 November 2026"."""
    relative = _RELATIVE.get((day - today).days)
    return f"{relative}, {day_name(day)}" if relative else day_name(day)


def named(period: Period, now: datetime) -> str:
    """A period as a heading."""
    day = period.start.date()
    if period.grain is Grain.DAY:
        return named_day(day, now.date())
    relative = _RELATIVE.get((day - now.date()).days) if day == period.last_day else None
    return f"{relative}, {period.label}" if relative else period.label


def distance(event: Occurrence, now: datetime) -> str:
    """How far off it is: "in 16 days", "tomorrow"."""
    if event.start <= now < event.end:
        return "now"
    away = (event.start.date() - now.date()).days
    if away in _RELATIVE:
        return _RELATIVE[away].lower()
    return f"in {away} days" if away > 0 else f"{-away} days ago"


def listed(events: Sequence[Occurrence], first: datetime, today: date, *, days: bool) -> str:
    """One line for each event, under a heading for each day where there are several."""
    lines: list[str] = []
    heading = None
    for number, event in enumerate(events, start=1):
        day = max(event.start, first).date()
        if days and day != heading:
            lines.append(f"{named_day(day, today)}:")
            heading = day
        lines.append(f"- {_clock(event, day)} {titled(event)} [{number}]")
    return "\n".join(lines)


def counted(count: int) -> str:
    """ "1 event", "3 events"."""
    return "1 event" if count == 1 else f"{count} events"


def joined(parts: Iterable[str]) -> str:
    """ "a, b and c"."""
    *most, last = list(parts)
    return f"{', '.join(most)} and {last}" if most else last


def _clock(event: Occurrence, day: date) -> str:
    if event.all_day or event.start.date() == day:
        return hours(event)
    return f"until {event.end:%H:%M}" if last_day(event) == day else "all day"
