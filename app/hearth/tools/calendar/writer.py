"""Enters a confirmed event, and takes it out again."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Callable, Mapping
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator
from sqlalchemy.orm import Session

from hearth.core.errors import BadInput, Conflict, NotFound
from hearth.store.pod import calendar as store
from hearth.store.pod.calendar import NewItem

CALENDAR = "Added"  # the calendar of what members entered here


class NewEvent(BaseModel):
    """The change of a `calendar.add` proposal; `end` is exclusive, at midnight for whole days."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    title: str = Field(min_length=1, max_length=200)
    start: datetime
    end: datetime
    all_day: bool = False
    place: str = Field("", max_length=200)
    rule: str = Field("", pattern=r"^(FREQ=(DAILY|WEEKLY|MONTHLY|YEARLY)(;INTERVAL=2)?)?$")

    @model_validator(mode="after")
    def _in_order(self) -> NewEvent:
        if self.start.tzinfo is None or self.end.tzinfo is None or self.end < self.start:
            raise ValueError("the times need a zone, and the end cannot be before the start")
        return self


class CalendarWriter:
    """The writer `calendar.add`."""

    name = "calendar.add"

    def __init__(self, zone: ZoneInfo, clock: Callable[[], datetime]) -> None:
        self._zone = zone
        self._clock = clock

    def apply(self, session: Session, change: Mapping[str, Any], actor: str) -> dict[str, Any]:
        """Insert the event; BadInput when the change is not one."""
        try:
            event = NewEvent.model_validate(change)
        except ValidationError as error:
            raise BadInput(
                f"this is not an event: {error.errors()[0]['msg']}",
                where="change",
                remedy="Ask for the event again.",
            ) from error
        uid = f"{uuid.uuid4().hex}@hearth"
        ics = self._ics(event, uid)
        item = NewItem(
            calendar=CALENDAR,
            uid=uid,
            summary=event.title,
            location=event.place,
            ics=ics,
            starts=event.start,
            ends=None if event.rule else event.end,
            added_by=actor,
        )
        (number,) = store.put(session, None, [item])
        return {"item": number, "sha256": _digest(ics)}

    def revert(self, session: Session, undo: Mapping[str, Any]) -> None:
        """Delete the event; Conflict when it is gone or no longer what was entered."""
        try:
            item = store.get(session, int(undo["item"]))
        except (NotFound, KeyError) as error:
            raise Conflict(
                "the event is already gone", remedy="There is nothing to undo."
            ) from error
        if _digest(item.ics) != undo["sha256"]:
            raise Conflict("the event was changed since", remedy="Remove it by hand if need be.")
        store.remove(session, item.id)

    def _ics(self, event: NewEvent, uid: str) -> str:
        # A library that an idle pod need not hold in memory.
        import icalendar  # noqa: PLC0415

        component = icalendar.Event()
        component.add("uid", uid)
        component.add("dtstamp", self._clock())
        component.add("summary", event.title)
        component.add("dtstart", self._moment(event.start, whole=event.all_day))
        component.add("dtend", self._moment(event.end, whole=event.all_day))
        if event.place:
            component.add("location", event.place)
        if event.rule:
            component.add("rrule", icalendar.vRecur.from_ical(event.rule))
        calendar = icalendar.Calendar()
        calendar.add("prodid", "-//Hearth//Pod//EN")
        calendar.add("version", "2.0")
        calendar.add_component(component)
        return str(calendar.to_ical(), "utf-8")

    def _moment(self, value: datetime, *, whole: bool) -> date | datetime:
        here = value.astimezone(self._zone)
        return here.date() if whole else here


def days_of(event: NewEvent) -> tuple[date, date]:
    """The first and the last day of an event."""
    last = event.end - timedelta(microseconds=1) if event.end > event.start else event.end
    return event.start.date(), last.date()


def _digest(ics: str) -> str:
    return hashlib.sha256(ics.encode()).hexdigest()
