"""What the sample household is made of; the files are renderings of these values."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Literal

Bank = Literal["nordbank", "meridian"]


@dataclass(frozen=True)
class Transaction:
    """One booked payment. `minor_units` are cents; negative is money out."""

    bank: Bank
    booked: date
    minor_units: int
    payee: str
    purpose: str
    category: str  # the one a person would file it under
    reference: str = ""  # the bank's own number, unique in its file


@dataclass(frozen=True)
class Event:
    """A calendar entry: once, or by `rule` (RFC 5545) less `skipped`, with `moved` instances.

    All-day entries have dates, with `end` exclusive; others have aware datetimes.
    """

    calendar: str  # the file's stem
    summary: str
    start: date | datetime
    end: date | datetime
    location: str = ""
    rule: str = ""
    skipped: tuple[datetime, ...] = ()
    moved: tuple[tuple[datetime, datetime], ...] = ()  # (as the rule says, as it will be)

    @property
    def lasts(self) -> timedelta:
        """How long each instance takes."""
        if isinstance(self.start, datetime) and isinstance(self.end, datetime):
            return self.end - self.start
        return date(*self.end.timetuple()[:3]) - date(*self.start.timetuple()[:3])

    @property
    def uid(self) -> str:
        """A stable identifier made of the calendar and the words."""
        words = "".join(c if c.isalnum() else "-" for c in self.summary.lower())
        return f"{self.calendar}-{words}@sample.hearth"


@dataclass(frozen=True)
class Paper:
    """A note or a letter, as plain text. A name that ends in `.pdf` is printed as a page."""

    folder: str  # family, finance or study
    name: str
    text: str


@dataclass(frozen=True)
class Item:
    """One line of a receipt; the price in cents."""

    name: str
    minor_units: int


@dataclass(frozen=True)
class Receipt:
    """A till receipt. Its total is the amount of one bank line."""

    shop: str
    bought: datetime
    items: tuple[Item, ...]

    @property
    def total(self) -> int:
        """The sum in cents."""
        return sum(item.minor_units for item in self.items)


@dataclass(frozen=True)
class Household:
    """Everything known of the sample household on one day."""

    today: date
    events: tuple[Event, ...]
    transactions: tuple[Transaction, ...]  # by date, oldest first
    papers: tuple[Paper, ...]
    receipt: Receipt
