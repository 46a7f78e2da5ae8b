"""What a request asks of the ledger: which way the money went, for what, and when.

The member's own words decide. The model's arguments help only where they repeat such words.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

from hearth.core.tools import ToolContext
from hearth.store.database import Database
from hearth.store.pod import ledger
from hearth.store.pod.ledger import Payment
from hearth.tools.ledger import categories, spans, subject
from hearth.tools.ledger.folding import tokens
from hearth.tools.ledger.subject import Subject
from hearth.tools.when import Period

Way = Literal["spent", "received"]

_RECEIVED = re.compile(
    r"\b(earn\w*|receiv\w*|income|came in|come in|coming in|got paid|get paid|money in|paid to us"
    r"|did .* pay (?:us|me)|refund\w*|deposit\w*|gross|took in)\b",
    re.IGNORECASE,
)
_SPENT = re.compile(
    r"\b(spen[dt]\w*|pa(?:y|id|ys|ying|yments?|yed)|costs?|expens\w*|outgoing\w*|purchas\w*"
    r"|buy|bought|money go|went on|withdr\w+)\b",
    re.IGNORECASE,
)
_BALANCE = re.compile(
    r"\bbalances?\b|\bhave (left )?(on|in) (the|our|my) (bank |giro )?accounts?\b"
    r"|\bmoney (do we have|is) (left|on|in)\b",
    re.IGNORECASE,
)
_LEAD = re.compile(r"^\W*(and|what about|how about|same|then|or|but)\b", re.IGNORECASE)


@dataclass(frozen=True)
class Ledger:
    """Everything on record, and the days it spans."""

    payments: Sequence[Payment]
    first: date
    last: date


@dataclass(frozen=True)
class Question:
    """A request understood; `subject` is None when nothing answers to `unknown`."""

    way: Way
    subject: Subject | None
    unknown: str
    period: Period | None
    ledger: Ledger

    @property
    def when(self) -> str:
        """The period as an answer says it."""
        if self.period:
            return self.period.said
        return f"since {self.ledger.first.day} {self.ledger.first:%B %Y}"

    def payments(self) -> list[Payment]:
        """What is asked for, newest first."""
        wanted = self.subject or Subject()
        sign = -1 if self.way == "spent" else 1
        return [
            one
            for one in self.ledger.payments
            if one.minor_units * sign > 0 and self._within(one) and wanted.means(one)
        ]

    def refunds(self) -> list[Payment]:
        """What came back of what was spent on the subject."""
        wanted = self.subject or Subject()
        if self.way != "spent" or wanted.everything:
            return []
        within = (one for one in self.ledger.payments if self._within(one))
        return [one for one in within if one.minor_units > 0 and wanted.means(one)]

    @property
    def beyond(self) -> str:
        """A word on what the statements do not cover of the period."""
        if not self.period:
            return ""
        first, last = self.ledger.first, self.ledger.last
        if self.period.last_day < first or self.period.start.date() > last:
            return f" The statements go from {first.day} {first:%B %Y} to {last.day} {last:%B %Y}."
        if self.period.start.date() + timedelta(days=6) < first:  # a quiet week is no gap
            return f" The statements begin on {first.day} {first:%B %Y}."
        return ""

    def _within(self, one: Payment) -> bool:
        if self.period is None:
            return True
        return self.period.start.date() <= one.booked <= self.period.last_day


def load(database: Database) -> Ledger | None:
    """The ledger, where there is one. Blocking."""
    with database.read() as session:
        span = ledger.span(session)
        return Ledger(ledger.payments(session), *span) if span else None


def understand(
    context: ToolContext, book: Ledger, *, what: str = "", when: str = "", way: str = ""
) -> Question:
    """The question in a request, its gaps filled from the talk before it."""
    requests = _thread(context)
    period = spans.of([*context.recent, context.request], context.now)
    if period is None and _said(when, context.request):
        period = spans.of([when], context.now)
    if period is None:
        period = spans.latest(requests[:-1], context.now)
    found, unknown = _subject(requests, context, book, what)
    return Question(_way(requests, found, way, book), found, unknown, period, book)


def asks_balance(request: str) -> bool:
    """Whether the request is after what is in an account, which payments do not tell."""
    return _BALANCE.search(request) is not None


def leans(request: str) -> bool:
    """Whether the request is to be read with the one before it."""
    asks = _RECEIVED.search(request) or _SPENT.search(request)
    return _LEAD.search(request) is not None or asks is None


def _thread(context: ToolContext) -> list[str]:
    """The request, with those before it that it leans on, oldest first."""
    thread = [context.request]
    for earlier in reversed(context.recent):
        if not leans(thread[0]):
            break
        thread.insert(0, earlier)
    return thread


def _way(requests: Sequence[str], found: Subject | None, way: str, book: Ledger) -> Way:
    if found and found.category in categories.RECEIVED:
        return "received"
    if found and not found.everything:  # an employer only ever pays, a shop is only ever paid
        signs = {one.minor_units > 0 for one in book.payments if found.means(one)}
        if len(signs) == 1:
            return "received" if signs == {True} else "spent"
    for request in reversed(requests):
        if _RECEIVED.search(request):
            return "received"
        if _SPENT.search(request):
            return "spent"
    return "received" if way == "received" else "spent"


def _subject(
    requests: Sequence[str], context: ToolContext, book: Ledger, what: str
) -> tuple[Subject | None, str]:
    for request in reversed(requests):
        words = subject.words_of(spans.without(request, context.now))
        if not words:
            continue
        if found := subject.find(words, book.payments):
            return found, ""
        named = subject.words_of(what) if _said(what, request) else []
        if named and (found := subject.find(named, book.payments)):
            return found, ""
        return None, " ".join(_as_written(word, request) for word in named or words)
    return Subject(), ""


def _as_written(word: str, request: str) -> str:
    return next((one for one in re.findall(r"\w+", request) if tokens(one) == [word]), word)


def _said(words: str, request: str) -> bool:
    """Whether the request really has these words."""
    named = tokens(words)
    return bool(named) and set(named) <= set(tokens(request))
