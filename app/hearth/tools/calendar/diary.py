"""The pod's calendar: its items read from the store and expanded."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from hearth.store.database import Database
from hearth.store.pod import calendar as store
from hearth.store.pod.calendar import StoredItem, Title
from hearth.tools.calendar.occurrences import Occurrence, expand

_DAY = timedelta(days=1)
_REACH = (60, 400, 1_600)  # days: how far ahead or back one looks, a step at a time


class Diary:
    """Reads only. Its methods block; call them from a thread."""

    def __init__(self, database: Database, zone: ZoneInfo) -> None:
        self._database = database
        self.zone = zone

    def between(self, start: datetime, end: datetime) -> list[Occurrence]:
        """Everything that overlaps this time, in order."""
        with self._database.read() as session:
            items = store.between(session, start - _DAY, end + _DAY)
        return expand(items, start, end, self.zone)

    def titles(self) -> list[Title]:
        """What every item is called."""
        with self._database.read() as session:
            return store.titles(session)

    def item(self, item: int) -> StoredItem:
        """One item; NotFound when it is gone."""
        with self._database.read() as session:
            return store.get(session, item)

    def coming(self, ids: Collection[int], now: datetime, most: int) -> list[Occurrence]:
        """The next instances of these items, one going on now included."""
        for days in _REACH:
            found = self._of(ids, now, now + days * _DAY)
            if len(found) >= most:
                break
        return found[:most]

    def gone(self, ids: Collection[int], now: datetime, most: int) -> list[Occurrence]:
        """The latest instances that are over, latest first."""
        for days in _REACH:
            found = [each for each in self._of(ids, now - days * _DAY, now) if each.end <= now]
            if len(found) >= most:
                break
        return found[::-1][:most]

    def next_after(self, moment: datetime) -> Occurrence | None:
        """The first event that starts at or after `moment`, within the nearest 60 days."""
        events = self.between(moment, moment + _REACH[0] * _DAY)
        return next((event for event in events if event.start >= moment), None)

    def _of(self, ids: Collection[int], start: datetime, end: datetime) -> list[Occurrence]:
        with self._database.read() as session:
            items = store.some(session, ids)
        return expand(items, start, end, self.zone)
