"""The household's appointments: the family's, Anna's work in New York time, Mia's exams."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from zoneinfo import ZoneInfo

from hearth.ops.sample.days import (
    FRIDAY,
    HOME,
    MONDAY,
    NEW_YORK,
    SATURDAY,
    THURSDAY,
    TUESDAY,
    WEDNESDAY,
    at,
    coming,
    month_start,
    nth_weekday,
    workday,
)
from hearth.ops.sample.shapes import Event

_DAY = timedelta(days=1)
# (what, month, day, how many years it has been)
_YEARLY = (
    ("Anna's birthday", 3, 14, 41),
    ("Jonas's birthday", 9, 2, 43),
    ("Mia's birthday", 6, 21, 14),
    ("Ben's birthday", 12, 5, 6),
    ("Grandma Ilse's birthday", 1, 17, 72),
    ("Wedding anniversary Anna and Jonas", 8, 20, 16),
)


def events(today: date) -> tuple[Event, ...]:
    """Every entry of the three calendars, around `today`."""
    return (*_routines(today), *_single(today), *_yearly(today), *_work(today), *_exams(today))


def _timed(
    calendar: str, summary: str, day: date, clock: tuple[str, str], zone: ZoneInfo = HOME
) -> Event:
    start, end = (at(day, part, zone) for part in clock)
    return Event(calendar, summary, start, end)


def _routines(today: date) -> Iterator[Event]:
    holiday = holiday_monday(today)
    swim = coming(today, TUESDAY, -40)
    yield replace(
        _timed("family", "Swim training Mia", swim, ("17:00", "18:30")),
        location="Lindenbad, lane 3",
        rule="FREQ=WEEKLY;BYDAY=TU",
        skipped=(at(holiday + _DAY, "17:00"),),
    )
    yield _parents_evening(today)
    saturday = coming(today, SATURDAY, -20)
    yield replace(
        _timed("family", "Chess club Ben", saturday, ("14:00", "16:30")),
        location="Community centre",
        rule="FREQ=WEEKLY;INTERVAL=2;BYDAY=SA",
    )
    last_friday = nth_weekday(month_start(today, -7), FRIDAY, 1) - 7 * _DAY
    yield replace(
        _timed("family", "Anna's book club", last_friday, ("20:00", "22:00")),
        location="Café Morgenrot",
        rule="FREQ=MONTHLY;BYDAY=-1FR",
    )


def holiday_monday(today: date) -> date:
    """The Monday on which the next school holiday begins."""
    return coming(today, MONDAY, 3)


def parents_evenings(today: date) -> tuple[date, date]:
    """The two next parents' evenings by the rule: second Wednesdays, today's included."""
    months = (month_start(today, months) for months in range(4))
    days = [day for month in months if (day := nth_weekday(month, WEDNESDAY, 2)) >= today]
    return days[0], days[1]


def _parents_evening(today: date) -> Event:
    first = nth_weekday(month_start(today, -7), WEDNESDAY, 2)
    _, second = parents_evenings(today)
    return replace(
        _timed("family", "Parents' evening", first, ("19:00", "20:30")),
        location="Linden School, room 12",
        rule="FREQ=MONTHLY;BYDAY=2WE",
        moved=((at(second, "19:00"), at(second + _DAY, "18:00")),),
    )


def _single(today: date) -> Iterator[Event]:
    tomorrow = today + _DAY
    yield replace(
        _timed("family", "Chimney sweep", tomorrow, ("08:30", "09:00")), location="At home"
    )
    yield replace(
        _timed("family", "Dinner at Grandma Ilse's", tomorrow, ("18:30", "20:30")),
        location="Gartenstraße 8",
    )
    yield replace(
        _timed("family", "Dentist Ben", coming(today, THURSDAY, 1), ("15:15", "15:45")),
        location="Dr. Albrecht, Marktplatz 3",
    )
    yield replace(
        _timed("family", "Vaccination Mia", workday(today, 17), ("16:00", "16:15")),
        location="Dr. Haas, Ringstraße 20",
    )
    yield _timed("family", "Car inspection", workday(today, 24), ("09:00", "10:00"))
    monday = holiday_monday(today)
    yield Event("family", "School holidays", monday, monday + 5 * _DAY)


def _yearly(today: date) -> Iterator[Event]:
    for summary, month, day, years in _YEARLY:
        first = date(today.year - years, month, day)
        yield Event("family", summary, first, first + _DAY, rule="FREQ=YEARLY")


def _work(today: date) -> Iterator[Event]:
    yield replace(
        _timed("work", "Team call", coming(today, MONDAY, -30), ("10:00", "11:00"), NEW_YORK),
        location="Video",
        rule="FREQ=WEEKLY;BYDAY=MO",
    )
    review = coming(today, THURSDAY, 1)
    yield _timed("work", "Quarterly review", review, ("09:00", "10:30"), NEW_YORK)
    yield _timed("work", "Call with Priya", workday(today, 3), ("11:30", "12:00"), NEW_YORK)
    training = workday(today, 12)
    yield Event("work", "First-aid training", training, training + _DAY, location="Office, Berlin")


def _exams(today: date) -> Iterator[Event]:
    for subject, days in (("Biology", 4), ("French", 9), ("History", 15), ("Mathematics", 29)):
        yield replace(
            _timed("exams", f"{subject} test", workday(today, days), ("08:00", "09:30")),
            location="Linden School, room 204",
        )
