"""Reads an iCalendar file into items: one for each UID, with all its components."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import PurePath
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from hearth.core.errors import BadInput
from hearth.store.pod import calendar as store
from hearth.store.pod.calendar import NewItem
from hearth.tools.calendar import rules
from hearth.tools.calendar.occurrences import moment
from hearth.tools.calendar.structure import Block, Outline, decode, outline
from hearth.tools.textfile import fault

_CORRECT = "Correct the event in the program it comes from, and export again."
_TIMES = ("DTSTART", "DTEND", "RECURRENCE-ID", "EXDATE", "RDATE")
_LEAP = timedelta(days=1)


@dataclass(frozen=True)
class ParsedCalendar:
    """A whole file, read and checked."""

    text: str
    items: tuple[NewItem, ...]


class CalendarImporter:
    """Reads `.ics` files."""

    kind = "calendar"
    suffixes = frozenset({".ics"})

    def __init__(self, zone: ZoneInfo) -> None:
        self._zone = zone

    def read(self, data: bytes, name: str) -> ParsedCalendar:
        """Parse the whole file; BadInput names the line and the remedy."""
        text = decode(data, name)
        parts = outline(text, name)
        calendar = (parts.title or PurePath(name).stem)[:120]
        groups = _by_uid(parts.events).items()
        items = [self._item(uid, blocks, parts, calendar, name) for uid, blocks in groups]
        return ParsedCalendar(text, tuple(items))

    def store(self, session: Session, document: int, parsed: ParsedCalendar) -> str:
        """Write the items; says how many."""
        store.put(session, document, parsed.items)
        count = len(parsed.items)
        return "1 event" if count == 1 else f"{count} events"

    def text(self, data: bytes, parsed: ParsedCalendar) -> str:
        """The file as it was decoded."""
        return parsed.text

    def _item(
        self, uid: str, blocks: Sequence[Block], parts: Outline, calendar: str, name: str
    ) -> NewItem:
        ics = _as_calendar(blocks, parts.zones)
        events = [_checked(event, block, name) for event, block in _parse(ics, blocks, name)]
        main = next((event for event in events if "RECURRENCE-ID" not in event), events[0])
        return NewItem(
            calendar=calendar,
            uid=uid,
            summary=str(main.get("SUMMARY", "")),
            location=str(main.get("LOCATION", "")),
            ics=ics,
            first_line=blocks[0].first,
            **self._extent(events),
        )

    def _extent(self, events: Sequence[Any]) -> dict[str, Any]:
        starts = min(moment(event["DTSTART"].dt, self._zone) for event in events)
        ends = [self._end(event) for event in events]
        known = [end for end in ends if end is not None]
        return {"starts": starts, "ends": max(known) if len(known) == len(ends) else None}

    def _end(self, event: Any) -> datetime | None:
        begins = event["DTSTART"].dt
        lasts = moment(event.end, self._zone) - moment(begins, self._zone) + _LEAP
        dates = [begins, *_extra_dates(event)]
        for rule in _listed(event.get("RRULE")):
            until = rules.end(rule)
            if until is None:
                return None
            dates.append(until)
        return max(moment(day, self._zone) for day in dates) + lasts


def _by_uid(events: Sequence[Block]) -> dict[str, list[Block]]:
    groups: dict[str, list[Block]] = {}
    for block in events:
        digest = hashlib.sha256("\n".join(block.lines).encode()).hexdigest()
        groups.setdefault(block.value("UID") or digest, []).append(block)
    return groups


def _as_calendar(blocks: Sequence[Block], zones: Sequence[Block]) -> str:
    events = "".join(block.text() for block in blocks)
    used = [zone for zone in zones if f"TZID={zone.value('TZID')}" in events.replace('"', "")]
    return "".join(
        (
            "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//Hearth//Pod//EN\r\n",
            *("\r\n".join(zone.lines) + "\r\n" for zone in used),
            events,
            "END:VCALENDAR\r\n",
        )
    )


def _parse(ics: str, blocks: Sequence[Block], name: str) -> list[tuple[Any, Block]]:
    # A parser that an idle pod need not hold in memory.
    import icalendar  # noqa: PLC0415

    try:
        events = icalendar.Calendar.from_ical(ics).walk("VEVENT")
        return list(zip(events, blocks, strict=True))
    except (ValueError, KeyError, IndexError, AttributeError) as error:
        message = f"the event cannot be read: {error}"
        raise fault(name, blocks[0].first, message, _CORRECT) from error


def _checked(event: Any, block: Block, name: str) -> Any:
    for prop, reason in event.errors:
        line = block.line_of(prop or "BEGIN")
        raise fault(
            name, line, f"{prop or 'a line'} of the event cannot be read: {reason}", _CORRECT
        )
    if len(_listed(event.get("DTSTART"))) != 1:
        message = "the event does not say once when it starts (DTSTART)"
        raise fault(name, block.line_of("DTSTART"), message, _CORRECT)
    _check_zones(event, block, name)
    _check_times(event, block, name)
    return event


def _check_zones(event: Any, block: Block, name: str) -> None:
    for prop in _TIMES:
        for value in _listed(event.get(prop)):
            zone = value.params.get("TZID")
            moments = [value.dt] if hasattr(value, "dt") else [each.dt for each in value.dts]
            if zone and any(isinstance(m, datetime) and m.tzinfo is None for m in moments):
                message = f"the time zone {str(zone)[:60]!r} is not known and not described"
                raise fault(name, block.line_of(prop), message, _CORRECT)


def _check_times(event: Any, block: Block, name: str) -> None:
    try:
        if event.end < event.start:
            raise fault(name, block.line_of("DTEND"), "the event ends before it starts", _CORRECT)
        for rule in _listed(event.get("RRULE")):
            rules.check(rule, event.start)
    except rules.Unusable as error:
        raise fault(name, block.line_of("RRULE"), str(error), _CORRECT) from error
    except BadInput:
        raise
    except (ValueError, TypeError, AttributeError, OverflowError) as error:
        message = f"the event's times do not fit together: {error}"
        raise fault(name, block.line_of("DTSTART"), message, _CORRECT) from error


def _extra_dates(event: Any) -> list[date | datetime]:
    values = [each.dt for listed in _listed(event.get("RDATE")) for each in listed.dts]
    return [value[0] if isinstance(value, tuple) else value for value in values]


def _listed(value: Any) -> list[Any]:
    if value is None:
        return []
    return list(value) if isinstance(value, list) else [value]
