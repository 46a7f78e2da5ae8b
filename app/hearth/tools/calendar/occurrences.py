"""Calendar items expanded into what happens when, in the household's zone."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from itertools import islice
from typing import Any
from zoneinfo import ZoneInfo

from hearth.store.pod.calendar import StoredItem
from hearth.tools.calendar.structure import LINE
from hearth.tools.when.period import exact

MOST = 2_000  # instances looked at for one question
_DAY = timedelta(days=1)
_PARSED = 64  # items kept parsed between questions


@dataclass(frozen=True)
class Occurrence:
    """One instance of an item; `start` and `end` are aware, in the household's zone."""

    item: int
    uid: str
    summary: str
    location: str
    calendar: str
    source: str
    line: int | None
    start: datetime
    end: datetime
    all_day: bool
    blocks: bool  # it takes the time that it covers

    @property
    def ref(self) -> str:
        """What opens it."""
        return f"event:{self.item}@{self.start.isoformat()}"

    def overlaps(self, start: datetime, end: datetime) -> bool:
        """Whether any of it lies from `start` to `end` (exclusive)."""
        return self.start < end and (self.end > start or self.start == self.end == start)


def expand(
    items: Iterable[StoredItem], start: datetime, end: datetime, zone: ZoneInfo
) -> list[Occurrence]:
    """Every instance that overlaps the time from `start` to `end`, in order, each once.

    An item that two files hold counts once.
    """
    found = islice(_instances(items, start, end, zone), MOST)
    unique = {(each.uid, each.start, each.summary): each for each in found}
    return sorted(unique.values(), key=lambda each: (each.start, not each.all_day, each.summary))


def moment(value: date | datetime, zone: ZoneInfo) -> datetime:
    """An iCalendar date or time in `zone`; dates begin at midnight, floating times are local."""
    if not isinstance(value, datetime):
        return exact(datetime.combine(value, time(), zone))
    return exact(value.replace(tzinfo=zone)) if value.tzinfo is None else value.astimezone(zone)


def _instances(
    items: Iterable[StoredItem], start: datetime, end: datetime, zone: ZoneInfo
) -> Iterator[Occurrence]:
    for item in items:
        # A day more on both sides: all-day and floating entries begin where the household is.
        for event in _query(item.ics).between(start - _DAY, end + _DAY):
            if str(event.get("STATUS", "")).upper() == "CANCELLED":
                continue
            occurrence = _occurrence(item, event, zone)
            if occurrence.overlaps(start, end):
                yield occurrence


@lru_cache(maxsize=_PARSED)
def _query(ics: str) -> Any:
    # Parsers that an idle pod need not hold in memory.
    import icalendar  # noqa: PLC0415
    import recurring_ical_events  # noqa: PLC0415

    return recurring_ical_events.of(icalendar.Calendar.from_ical(ics), components=["VEVENT"])


def _occurrence(item: StoredItem, event: Any, zone: ZoneInfo) -> Occurrence:
    begins = event["DTSTART"].dt
    start, end = moment(begins, zone), moment(event["DTEND"].dt, zone)
    all_day = not isinstance(begins, datetime)
    line = event.get(LINE)
    return Occurrence(
        item=item.id,
        uid=item.uid,
        summary=_words(event.get("SUMMARY")) or "Untitled",
        location=_words(event.get("LOCATION")),
        calendar=item.calendar,
        source=item.source,
        line=int(_words(line)) if line is not None else None,
        start=start,
        end=max(start, end),
        all_day=all_day,
        blocks=not all_day and str(event.get("TRANSP", "")).upper() != "TRANSPARENT",
    )


def _words(value: Any) -> str:
    text = value.decode() if isinstance(value, bytes) else str(value or "")
    return " ".join(text.split())
