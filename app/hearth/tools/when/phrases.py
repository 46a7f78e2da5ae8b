"""Finds the time that a text speaks of, and says where in the text it stands."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta

from hearth.tools.when import clocks, dates
from hearth.tools.when import vocabulary as words
from hearth.tools.when.arithmetic import DAY, Days, Now
from hearth.tools.when.clocks import Clock
from hearth.tools.when.dates import Hit, Unclear
from hearth.tools.when.period import Direction, Grain, Period, after, at, days, midnight

_APOSTROPHES = str.maketrans("’‘", "''")
_BETWEEN = re.compile(r",?\s?(?P<word>to|until|till|through|and|-|–)\s(?:on\s)?", re.IGNORECASE)
_PART = words.alternatives(words.PARTS)
_PART_AFTER = re.compile(rf"\s(?:in the\s|at\s)?(?P<p>{_PART})\b", re.IGNORECASE)
_PART_BEFORE = re.compile(rf"\b(?:the\s)?(?P<p>{_PART})\s(?:of|on)\s$", re.IGNORECASE)
_LEAD = re.compile(r"\b(?P<lead>since|until|till|by|before|from|after|between)\s$", re.IGNORECASE)
_ELAPSED = re.compile(
    rf"\bin (?P<n>\d{{1,3}}|half an|{words.alternatives(words.NUMBERS)}) (?P<u>hour|minute)s?\b",
    re.IGNORECASE,
)
_NOW = re.compile(r"\b(?:right now|now|at the moment)\b", re.IGNORECASE)
_PREPOSITION = re.compile(r"\b(?:on|in|at|for|from|during|over|by|this|within)\s$", re.IGNORECASE)
_HOUR = timedelta(hours=1)
_LONG_AGO = date(1900, 1, 1)


@dataclass(frozen=True)
class Found:
    """A period, the day and the clock it was made of, and where its words stand."""

    period: Period
    pieces: tuple[tuple[int, int], ...]
    dated: bool  # a day was named; else it is the nearest one with that time
    clock: Clock | None = None


def resolve(phrase: str, now: datetime, direction: Direction = "future") -> Period | None:
    """The period that `phrase` speaks of, seen from `now` (aware); None when it names none."""
    found = find(phrase, now, direction)
    return found.period if found else None


def find(text: str, now: datetime, direction: Direction = "future") -> Found | None:
    """The first time in `text`, with its place; None also where it can be read two ways."""
    try:
        return locate(text, now, direction)
    except Unclear:
        return None


def locate(text: str, now: datetime, direction: Direction = "future") -> Found | None:
    """The first time in `text`, with its place. Raises Unclear when it can be read two ways."""
    plain = text.translate(_APOSTROPHES)
    try:
        hits = dates.scan(plain, Now(now, direction))
        if not hits:
            return _elapsed(plain, now) or _undated(plain, now)
        return _dated(plain, _parted(plain, hits), Now(now, direction))
    except OverflowError:
        return None


def without(text: str, pieces: Iterable[tuple[int, int]]) -> str:
    """`text` without these pieces and the prepositions that led to them."""
    for start, stop in sorted(pieces, reverse=True):
        head = _PREPOSITION.sub("", text[:start])
        text = head + " " + text[stop:]
    return " ".join(text.split()).strip(" ,;")


def _elapsed(text: str, now: datetime) -> Found | None:
    """ "In two hours", "now"."""
    if match := _ELAPSED.search(text):
        said = match["n"].lower()
        count = 0.5 if said == "half an" else words.number(said)
        step = timedelta(hours=count) if match["u"].lower() == "hour" else timedelta(minutes=count)
        start = after(now, step).replace(second=0, microsecond=0)
        clock = Clock(*match.span(), start.time())
        return Found(Period(start, after(start, _HOUR), Grain.MINUTE), (match.span(),), True, clock)
    if match := _NOW.search(text):
        end = after(now, timedelta(minutes=1))
        return Found(Period(now, end, Grain.MINUTE), (match.span(),), True)
    return None


def _undated(text: str, now: datetime) -> Found | None:
    """A time of day alone: today, or tomorrow when it has passed."""
    clock = clocks.scan(text)
    if clock is None:
        alone = text.strip().lower()
        if alone not in words.PARTS:
            return None
        day = Days(now.date(), now.date() + DAY, Grain.PART, alone, DAY)
        return Found(_later(_part(day, now), day, now), ((0, len(text)),), dated=False)
    period = _timed(now.date(), clock, now)
    if (period.start if period.grain is Grain.MINUTE else period.end) <= now:
        period = period.shifted(DAY)
    return Found(period, ((clock.start, clock.stop),), False, clock)


def _dated(text: str, hits: list[Hit], now: Now) -> Found | None:
    hit = hits[0]
    lead = _lead(text, hit.start)
    joined = _joined(text, hits, now) if len(hits) > 1 else None
    if joined is not None:
        return _whole(joined, now)
    clock = clocks.scan(_blanked(text, hits), hit.days.part) if _is_day(hit.days) else None
    if clock is not None:
        pieces = ((hit.start, hit.end), (clock.start, clock.stop))
        period = _later(_timed(hit.days.first, clock, now.moment), hit.days, now.moment)
        return Found(period, pieces, True, clock)
    if lead in {"since", "until", "till"} or (
        lead == "from" and now.direction == "past" and hit.days.grain is not Grain.RANGE
    ):
        return Found(_open(hit, lead, now), ((hit.start - len(lead) - 1, hit.end),), True)
    return _whole(hit, now)


def _whole(hit: Hit, now: Now) -> Found:
    span = hit.days
    whole = days(span.first, span.until, now.moment, span.grain)
    period = _part(span, now.moment) if span.part else whole
    return Found(_later(period, span, now.moment), ((hit.start, hit.end),), not _is_open(hit))


def _lead(text: str, place: int) -> str:
    match = _LEAD.search(text[:place])
    return match["lead"].lower() if match else ""


def _joined(text: str, hits: list[Hit], now: Now) -> Hit | None:
    """ "From Monday to Wednesday", "between June and August", "September and October"."""
    first, second = hits[0], hits[1]
    between = _BETWEEN.fullmatch(text[first.end : second.start] + " ".rstrip())
    if between is None or first.days.part or second.days.part:
        return None
    lead = _lead(text, first.start)
    apart = second.days.first != first.days.until
    if between["word"].lower() == "and" and lead != "between" and apart:
        return None
    if second.days.first < first.days.first:
        after_first = Now(midnight(first.days.first, now.moment), "future")
        second = replace(second, days=dates.scan(second.text, after_first)[0].days)
    start = first.start - (len(lead) + 1 if lead in {"from", "between"} else 0)
    span = Days(first.days.first, second.days.until, Grain.RANGE)
    return Hit(start, second.end, span, text[start : second.end])


def _parted(text: str, hits: list[Hit]) -> list[Hit]:
    """Days joined with the parts said beside them: "Saturday afternoon", "in the evening of …"."""
    joined = [_with_part(text, hit) for hit in hits]
    for place, hit in enumerate(joined[:-1]):
        following = joined[place + 1]
        between = text[hit.end : following.start].strip(" ,").lower()
        if _is_open(hit) and _is_day(following.days) and between in {"", "of", "on"}:
            part = following.days.part or hit.days.part
            days_ = replace(following.days, part=part, grain=Grain.PART)
            joined[place : place + 2] = [replace(following, start=hit.start, days=days_)]
            break
    return joined


def _with_part(text: str, hit: Hit) -> Hit:
    if not _is_day(hit.days) or hit.days.part:
        return hit
    if match := _PART_AFTER.match(text, hit.end):
        part = replace(hit.days, part=match["p"].lower(), grain=Grain.PART)
        return replace(hit, end=match.end(), days=part)
    if match := _PART_BEFORE.search(text[: hit.start]):
        part = replace(hit.days, part=match["p"].lower(), grain=Grain.PART)
        return replace(hit, start=match.start(), days=part)
    return hit


def _is_open(hit: Hit) -> bool:
    """Whether it leaves the day open, as "in the evening" does."""
    return hit.text.lower().startswith("in the ") and hit.days.part is not None


def _is_day(span: Days) -> bool:
    return span.grain in {Grain.DAY, Grain.PART}


def _blanked(text: str, hits: list[Hit]) -> str:
    for hit in hits:
        text = text[: hit.start] + "." * (hit.end - hit.start) + text[hit.end :]
    return text


def _part(span: Days, like: datetime) -> Period:
    begins, ends = words.PARTS[span.part or "night"]
    last = span.first + DAY if ends == time() else span.first
    return Period(at(span.first, begins, like), at(last, ends, like), Grain.PART)


def _timed(day: date, clock: Clock, like: datetime) -> Period:
    start = at(day, clock.begins, like)
    if clock.ends is not None:
        last = day + DAY if clock.ends <= clock.begins else day
        end = at(last, clock.ends, like)
        return Period(start, max(end, after(start, timedelta(minutes=1))), Grain.MINUTE, True)
    if clock.lead in {"after", "since", "from"}:
        return Period(start, midnight(day + DAY, like), Grain.RANGE)
    if clock.lead in {"before", "until", "till"} and clock.begins > time():
        return Period(midnight(day, like), start, Grain.RANGE)
    return Period(start, after(start, _HOUR), Grain.MINUTE)


def _later(period: Period, span: Days, now: datetime) -> Period:
    """The next reading of a phrase that repeats, when this one has passed."""
    return period.shifted(span.repeats) if span.repeats and period.end <= now else period


def _open(hit: Hit, lead: str, now: Now) -> Period:
    """ "Since June", until now; "until Friday", from now."""
    if lead in {"since", "from"}:
        back = Now(now.moment, "past")
        first = dates.scan(hit.text, back)[0].days.first
        until = max(now.today, first) + DAY
        return days(first, until, now.moment, Grain.RANGE)
    first = now.today if now.direction == "future" else _LONG_AGO
    return days(min(first, hit.days.first), hit.days.until, now.moment, Grain.RANGE)
