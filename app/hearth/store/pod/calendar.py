"""The pod's calendar items as rows."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import PurePosixPath

from sqlalchemy import Select, delete, or_, select
from sqlalchemy.orm import Session

from hearth.core.errors import NotFound
from hearth.store.pod.tables import CalendarItemRow, DocumentRow


@dataclass(frozen=True)
class NewItem:
    """A calendar object about to be stored: all components of one UID."""

    calendar: str
    uid: str
    summary: str
    location: str
    ics: str  # a VCALENDAR with its VTIMEZONEs
    starts: datetime  # aware
    ends: datetime | None  # aware; none when it repeats without end
    first_line: int | None = None  # of its file, from 1
    added_by: str | None = None


@dataclass(frozen=True)
class StoredItem:
    """A calendar object on record; `source` is its file's name, or "added by NAME"."""

    id: int
    document: int | None
    calendar: str
    uid: str
    summary: str
    location: str
    ics: str
    source: str


@dataclass(frozen=True)
class Title:
    """What an item is called, without its dates."""

    id: int
    calendar: str
    summary: str
    location: str


def put(session: Session, document: int | None, items: Iterable[NewItem]) -> list[int]:
    """Store items that came from `document` (None: from a member's own words); their ids."""
    rows = [CalendarItemRow(document=document, **vars(item)) for item in items]
    session.add_all(rows)
    session.flush()
    return [row.id for row in rows]


def between(session: Session, start: datetime, end: datetime) -> list[StoredItem]:
    """Every item that may have an instance from `start` to `end`."""
    row = CalendarItemRow
    query = _items().where(row.starts < end, or_(row.ends.is_(None), row.ends >= start))
    return [_item(found, path) for found, path in session.execute(query.order_by(row.id))]


def titles(session: Session) -> list[Title]:
    """What every item is called."""
    row = CalendarItemRow
    query = select(row.id, row.calendar, row.summary, row.location).order_by(row.id)
    return [Title(*found) for found in session.execute(query)]


def some(session: Session, ids: Collection[int]) -> list[StoredItem]:
    """The items with these ids."""
    query = _items().where(CalendarItemRow.id.in_(ids)).order_by(CalendarItemRow.id)
    return [_item(found, path) for found, path in session.execute(query)]


def get(session: Session, item: int) -> StoredItem:
    """One item; NotFound when it is gone."""
    found = some(session, [item])
    if not found:
        raise NotFound("there is no such event; it may have been removed")
    return found[0]


def remove(session: Session, item: int) -> None:
    """Delete one item."""
    session.execute(delete(CalendarItemRow).where(CalendarItemRow.id == item))


def _items() -> Select[CalendarItemRow, str]:
    query = select(CalendarItemRow, DocumentRow.path)
    return query.outerjoin(DocumentRow, DocumentRow.id == CalendarItemRow.document)


def _item(row: CalendarItemRow, path: str | None) -> StoredItem:
    return StoredItem(
        id=row.id,
        document=row.document,
        calendar=row.calendar,
        uid=row.uid,
        summary=row.summary,
        location=row.location,
        ics=row.ics,
        source=PurePosixPath(path).name if path else f"added by {row.added_by}",
    )
