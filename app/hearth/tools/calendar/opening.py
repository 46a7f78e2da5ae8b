"""Opens a cited event: its lines in the calendar file, or what a member added."""

from __future__ import annotations

from datetime import datetime, timedelta

from hearth.core.api import SourceLine, SourceView
from hearth.core.errors import NotFound
from hearth.store.database import Database
from hearth.store.pod import documents
from hearth.store.pod.calendar import StoredItem
from hearth.tools.calendar import wording
from hearth.tools.calendar.diary import Diary
from hearth.tools.calendar.occurrences import Occurrence, expand
from hearth.tools.textfile import excerpt, lines

_AROUND = 3  # lines before and after
_MOMENT = timedelta(seconds=1)


class Opener:
    """Opens `event:ID@START`."""

    def __init__(self, database: Database, diary: Diary) -> None:
        self._database = database
        self._diary = diary

    def open(self, key: str) -> SourceView:
        """The event's source; NotFound when the event is gone."""
        item, event = self._event(key)
        shown = self._from_file(item, event) or _plain(item, event)
        return SourceView(
            ref=f"event:{key}",
            kind="event",
            title=event.summary,
            source=item.source,
            locator=f"line {event.line}" if event.line else "",
            lines=shown,
        )

    def _event(self, key: str) -> tuple[StoredItem, Occurrence]:
        number, _, at = key.partition("@")
        try:
            item = self._diary.item(int(number))
            start = datetime.fromisoformat(at)
            found = expand([item], start, start + _MOMENT, self._diary.zone)
        except (ValueError, OverflowError, TypeError) as error:
            raise NotFound("there is no such event") from error
        for event in found:
            if event.start == start:
                return item, event
        raise NotFound("the event is no longer at that time")

    def _from_file(self, item: StoredItem, event: Occurrence) -> tuple[SourceLine, ...]:
        if item.document is None or event.line is None:
            return ()
        with self._database.read() as session:
            text = documents.get(session, item.document).text or ""
        every = lines(text)[event.line - 1 :]
        last = event.line + _length(every) - 1
        cited = range(event.line, last + 1)
        return excerpt(text, range(event.line - _AROUND, last + _AROUND + 1), cited)


def _length(every: list[str]) -> int:
    """How many lines the component takes that begins on the first of these."""
    for number, line in enumerate(every, start=1):
        if line.strip().upper() == "END:VEVENT":
            return number
    return len(every)


def _plain(item: StoredItem, event: Occurrence) -> tuple[SourceLine, ...]:
    told = [event.summary, wording.moment(event), event.location, item.source]
    return tuple(
        SourceLine(number=number, text=text, cited=True)
        for number, text in enumerate((text for text in told if text), start=1)
    )
