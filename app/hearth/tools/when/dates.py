"""The grammar of dates: each rule is a pattern and what it means."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from dateutil.relativedelta import relativedelta

from hearth.tools.when import arithmetic as reckon
from hearth.tools.when import vocabulary as words
from hearth.tools.when.arithmetic import DAY, WEEK, Days, Now, one_day
from hearth.tools.when.period import Direction, Grain, day_name

Meaning = Callable[[re.Match[str], Now], Days | None]
_CENTURY = 2000


class Unclear(ValueError):
    """The words name no day, or more than one; the message says why, as a sentence."""


@dataclass(frozen=True)
class Hit:
    """A date phrase in a text."""

    start: int
    end: int
    days: Days
    text: str


_RULES: list[tuple[re.Pattern[str], Meaning]] = []
_PLACES = {
    "N": rf"(?P<n>\d{{1,3}}|{words.alternatives(words.NUMBERS)})",
    "M": rf"(?P<m>{words.alternatives(n for names in words.MONTHS for n in names)})\b\.?",
    "W": rf"(?P<w>{words.alternatives(n for names in words.WEEKDAYS for n in names)})\b\.?",
    "D": r"(?P<d>0?[1-9]|[12]\d|3[01])(?:st|nd|rd|th)?(?![\d:])",
    "Y": r"(?P<y>(?:19|20)\d{2})(?![\d.,]\d|\d)",
    "U": r"(?P<u>day|week|month|quarter|year)s?",
    "P": rf"(?P<p>{words.alternatives(words.PARTS)})",
    "F": rf"(?P<f>{words.alternatives(words.FEASTS)})",
}
_THIS, _LAST = r"(?:this|the current|current)", r"(?:last|the previous|previous)"
_NEXT = r"(?:next|the coming|coming|the following|following)"
_OFFSET = rf"(?P<o>{_THIS}|{_NEXT}|{_LAST})"


def rule(pattern: str) -> Callable[[Meaning], Meaning]:
    """Register a meaning for a pattern in which <N>, <M>, … stand for the vocabulary."""

    def register(meaning: Meaning) -> Meaning:
        full = re.sub(r"<([A-Z])>", lambda place: _PLACES[place[1]], pattern)
        _RULES.append((re.compile(rf"\b{full}(?!\w)", re.IGNORECASE), meaning))
        return meaning

    return register


def scan(text: str, now: Now) -> list[Hit]:
    """The date phrases of `text`, leftmost and longest first, without overlaps.

    Raises Unclear when a date does not exist, or disagrees with its weekday.
    """
    candidates = sorted(_candidates(text), key=lambda pair: (pair[0].start(), -pair[0].end()))
    hits: list[Hit] = []
    for match, meaning in candidates:
        if hits and match.start() < hits[-1].end:
            continue
        try:
            days = meaning(match, now)
        except OverflowError:
            continue  # beyond the calendar
        if days is not None:
            hits.append(Hit(match.start(), match.end(), days, match.group()))
    return hits


def _candidates(text: str) -> Iterator[tuple[re.Match[str], Meaning]]:
    for pattern, meaning in _RULES:
        for match in pattern.finditer(text):
            yield match, meaning


def _get(match: re.Match[str], group: str) -> str | None:
    value = match.groupdict().get(group)
    return value.lower() if value else None


def _year(match: re.Match[str]) -> int | None:
    year = _get(match, "y")
    return None if year is None else int(year) + (_CENTURY if len(year) == 2 else 0)


def _offset(word: str | None) -> int:
    word = word or ""
    return -1 if "last" in word or "prev" in word else int("next" in word or "ing" in word)


def _checked(match: re.Match[str], day: date | None) -> Days:
    if day is None:
        raise Unclear(f"The calendar has no “{match.group()}”.")
    weekday = _get(match, "w")
    if weekday and words.weekday_number(weekday) != day.weekday():
        raise Unclear(f"“{match.group()}” does not fit: that day is {day_name(day)}.")
    return one_day(day)


@rule(r"(?P<y>\d{4})-(?P<m>\d{2})-(?P<d>\d{2})")
def _iso_day(match: re.Match[str], _now: Now) -> Days | None:
    return _checked(match, reckon.valid(int(match["y"]), int(match["m"]), int(match["d"])))


@rule(r"(?P<y>(?:19|20)\d{2})-(?P<m>0[1-9]|1[0-2])(?!-)")
def _iso_month(match: re.Match[str], now: Now) -> Days | None:
    return reckon.month(int(match["m"]), int(match["y"]), now)


@rule(r"(?:<W>,? )?(?P<d>\d{1,2})\.\s?(?P<m>\d{1,2})\.(?:\s?(?P<y>\d{4}|\d{2}))?(?!\d)")
def _dotted(match: re.Match[str], now: Now) -> Days | None:
    month, day = int(match["m"]), int(match["d"])
    if month > 12:
        return None  # a time or an amount
    return _checked(match, reckon.month_day(month, day, _year(match), now))


@rule(r"(?P<a>\d{1,2})/(?P<b>\d{1,2})/(?P<y>\d{4})")
def _slashed(match: re.Match[str], _now: Now) -> Days | None:
    first, second = int(match["a"]), int(match["b"])
    if first <= 12 and second <= 12 and first != second:
        raise Unclear(f"“{match.group()}” can be read as two different days.")
    day, month = (first, second) if first > 12 else (second, first)
    return _checked(match, reckon.valid(int(match["y"]), month, day))


@rule(r"(?:<W>,? )?(?:the )?<D>(?: of)? <M>(?:,? <Y>)?")
@rule(r"(?:<W>,? )?<M> (?:the )?<D>(?:,? <Y>)?")
def _day_and_month(match: re.Match[str], now: Now) -> Days | None:
    month = words.month_number(match["m"].lower())
    return _checked(match, reckon.month_day(month, int(match["d"]), _year(match), now))


@rule(
    r"(?P<a>[0-3]?\d)(?:st|nd|rd|th)? ?(?:to|until|till|and|-|–) ?(?:the )?<D>(?: of)? <M>(?: <Y>)?"
)
def _days_of_month(match: re.Match[str], now: Now) -> Days | None:
    month = words.month_number(match["m"].lower())
    last = reckon.month_day(month, int(match["d"]), _year(match), now)
    first = last and reckon.valid(last.year, month, int(match["a"]))
    return Days(first, last + DAY, Grain.RANGE) if first and last and first < last else None


@rule(rf"(?:<W>,? )?the (?P<d>\d{{1,2}})(?:st|nd|rd|th)(?: of {_OFFSET} month)?")
@rule(r"<W>,? (?P<d>\d{1,2})(?:st|nd|rd|th)")
def _day_of_month(match: re.Match[str], now: Now) -> Days | None:
    said = _get(match, "o")
    return _checked(
        match, reckon.day_of_month(int(match["d"]), _offset(said) if said else None, now)
    )


@rule(r"(?P<r>the day after tomorrow|the day before yesterday|today|tomorrow|yesterday)(?:'s)?")
def _relative_day(match: re.Match[str], now: Now) -> Days:
    steps = {"today": 0, "tomorrow": 1, "yesterday": -1}
    step = steps.get(match["r"].lower(), 2 if "after" in match["r"].lower() else -2)
    return one_day(now.today + step * DAY)


@rule(r"(?P<r>tonight|last night|(?:this|in the) <P>)")
def _part_of_day(match: re.Match[str], now: Now) -> Days:
    day = now.today - DAY if match["r"].lower() == "last night" else now.today
    repeats = DAY if match["r"].lower().startswith("in") else None
    return one_day(day, part=_get(match, "p") or "night", repeats=repeats)


@rule(r"<N> <U> ago")
def _ago(match: re.Match[str], now: Now) -> Days:
    return reckon.unit(match["u"].lower(), -words.number(match["n"].lower()), now.today)


@rule(r"in <N> <U>(?:' time)?")
@rule(r"<N> <U> from (?:now|today|(?P<r>tomorrow))")
def _ahead(match: re.Match[str], now: Now) -> Days:
    count, name = words.number(match["n"].lower()), match["u"].lower()
    months = {"month": count, "quarter": 3 * count, "year": 12 * count}.get(name, 0)
    days = {"day": count, "week": 7 * count}.get(name, 0) + int(_get(match, "r") is not None)
    return one_day(now.today + relativedelta(months=months, days=days))


@rule(rf"(?P<o>last|the last|past|the past|previous|the previous|{_NEXT}|the next) <N> <U>")
def _several(match: re.Match[str], now: Now) -> Days:
    count, name = words.number(match["n"].lower()), match["u"].lower()
    if "past" not in match["o"].lower() and _offset(match["o"].lower()) < 0:
        if name not in {"day", "week"}:
            return reckon.whole(name, count, now.today)
    elif _offset(match["o"].lower()) > 0:
        return reckon.rolling(name, count, now.today)
    return reckon.rolling(name, -count, now.today)


@rule(r"(?:the |this )?past <U>")
def _past(match: re.Match[str], now: Now) -> Days:
    return reckon.rolling(match["u"].lower(), -1, now.today)


@rule(rf"{_OFFSET} (?P<u>week|weekend|month|quarter|year)(?:'s)?")
@rule(r"(?:the |at the |on the )(?P<u>weekend)")
def _unit(match: re.Match[str], now: Now) -> Days:
    return reckon.unit(match["u"].lower(), _offset(_get(match, "o")), now.today)


@rule(r"(?:the )?rest of (?:the|this) (?P<u>week|month|quarter|year)")
def _rest(match: re.Match[str], now: Now) -> Days:
    return Days(now.today, reckon.unit(match["u"].lower(), 0, now.today).until, Grain.RANGE)


@rule(r"(?:q(?P<q>[1-4])|(?:the )?(?P<k>first|second|third|fourth) quarter)(?:(?: of)? <Y>)?")
def _quarter(match: re.Match[str], now: Now) -> Days:
    number = int(match["q"]) if match["q"] else words.ORDINALS[match["k"].lower()]
    first = reckon.month(number * 3 - 2, _year(match), now).first
    return reckon.unit("quarter", 0, first)


@rule(rf"(?:{_OFFSET} )?<W>")
def _weekday(match: re.Match[str], now: Now) -> Days | None:
    number, said = words.weekday_number(match["w"].lower()), _get(match, "o")
    if said is None:
        return None if _doubtful(match, "w") else reckon.weekday(number, now)
    if _offset(said) < 0:
        return reckon.last_weekday(number, now.today)
    return reckon.weekday_of_week(number, _offset(said), now)


@rule(r"<W>(?: of| in)? (?P<o>this|next|last) week")
@rule(r"(?P<o>this|next|last) week,?(?: on)? <W>")
def _weekday_of_week(match: re.Match[str], now: Now) -> Days:
    number = words.weekday_number(match["w"].lower())
    return reckon.weekday_of_week(number, _offset(_get(match, "o")), now)


@rule(r"<N> weeks? (?:on|from) <W>")
@rule(r"<W> in <N> weeks?")
@rule(r"<W> week")
def _weeks_from_weekday(match: re.Match[str], now: Now) -> Days:
    count = words.number(_get(match, "n") or "one")
    ahead = Now(now.moment, "future")
    day = reckon.weekday(words.weekday_number(match["w"].lower()), ahead).first
    return one_day(day + count * WEEK)


@rule(rf"(?:{_OFFSET} )?<M>(?:,?(?: of)? (?:<Y>|(?P<r>this|next|last) year))?")
def _month(match: re.Match[str], now: Now) -> Days | None:
    number, said, other = words.month_number(match["m"].lower()), _get(match, "o"), _get(match, "r")
    year = _year(match) or (now.today.year + _offset(other) if other else None)
    if year is None and said is None and _doubtful(match, "m"):
        return None
    if said and _offset(said) < 0:
        start = now.today.replace(day=1) - DAY
        return reckon.month(number, None, Now(now.moment - (now.today - start), "past"))
    if said and _offset(said) > 0:
        start = now.today.replace(day=28) + timedelta(days=4)
        return reckon.month(number, None, Now(now.moment + (start - now.today), "future"))
    return reckon.month(number, year, now)


@rule(r"<Y>")
def _bare_year(match: re.Match[str], _now: Now) -> Days | None:
    led = re.search(r"\b(?:in|of|during|for|since|until|to|from|year|and|all)\s$", _before(match))
    alone = match.string.strip() == match.group()
    first = date(int(match["y"]), 1, 1)
    return reckon.unit("year", 0, first) if led or alone else None


@rule(r"(?:(?P<o>last|next) )?<F>(?: <Y>)?")
def _feast(match: re.Match[str], now: Now) -> Days | None:
    month, day, length = words.FEASTS[match["f"].lower()]
    looking: Direction = "past" if _get(match, "o") == "last" else now.direction
    first = reckon.month_day(month, day, _year(match), Now(now.moment, looking))
    if first is None:
        return None
    if length == 1:
        return one_day(first)
    return Days(first, first + timedelta(days=length), Grain.RANGE)


def _before(match: re.Match[str]) -> str:
    return match.string[: match.start()].lower()


def _doubtful(match: re.Match[str], group: str) -> bool:
    """Whether a short word is more likely another word than a date here."""
    if match[group].lower() not in words.DOUBTFUL or match.string.strip() == match.group().strip():
        return False
    leads = r"\b(?:in|on|of|for|during|since|until|till|from|to|by|before|after|and|between)\s$"
    return re.search(leads, _before(match)) is None
