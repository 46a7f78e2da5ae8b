"""The calendars as iCalendar files (RFC 5545), with their time zones inside."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date, datetime

import icalendar

from hearth.ops.sample.days import at
from hearth.ops.sample.shapes import Event


def calendar(name: str, events: Iterable[Event], today: date) -> bytes:
    """One calendar file named `name`."""
    root = icalendar.Calendar()
    root.add("prodid", "-//Hearth//Sample household//EN")
    root.add("version", "2.0")
    root.add("x-wr-calname", name.capitalize())
    for event in events:
        for component in _components(event, at(today, "00:00")):
            root.add_component(component)
    root.add_missing_timezones()
    return bytes(root.to_ical())


def _components(event: Event, stamp: datetime) -> Iterator[icalendar.Event]:
    series = _component(event, stamp)
    if event.rule:
        series.add("rrule", icalendar.vRecur.from_ical(event.rule))
    for skipped in event.skipped:
        series.add("exdate", skipped)
    yield series
    for planned, moved in event.moved:
        single = _component(event, stamp)
        single["dtstart"] = icalendar.vDatetime(moved)
        single["dtend"] = icalendar.vDatetime(moved + event.lasts)
        single.add("recurrence-id", planned)
        yield single


def _component(event: Event, stamp: datetime) -> icalendar.Event:
    component = icalendar.Event()
    component.add("uid", event.uid)
    component.add("dtstamp", stamp)
    component.add("summary", event.summary)
    component.add("dtstart", event.start)
    component.add("dtend", event.end)
    if event.location:
        component.add("location", event.location)
    return component
