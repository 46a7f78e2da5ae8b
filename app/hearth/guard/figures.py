"""The figures in a text: amounts, dates, times, weekdays, counts, in one canonical form each.

Canonical forms: an amount or count is its decimal value ("1234.5"), a date "MM-DD" with its year
apart ("y2026"), a time "15:30", a weekday "tue", a relative day the word itself.
"""

from __future__ import annotations

import calendar
import re
from decimal import Decimal

_MONTHS = [name.lower() for name in calendar.month_name[1:]]
_WEEKDAYS = [name.lower() for name in calendar.day_name]
# Without "one", which is a pronoun more often than a count.
_COUNTS = (
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
)
_RELATIVE = ("today", "tomorrow", "yesterday", "tonight")

_MONTH = (
    r"(?P<{0}>jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|"
    r"sep(?:t(?:ember)?)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)\b\.?"
)
_DAY = r"(?P<{0}>\d{{1,2}})(?:st|nd|rd|th)?"
_DATES = (
    re.compile(r"\b(?P<year>\d{4})-(?P<month>\d{2})-(?P<day>\d{2})"),
    re.compile(r"\b(?P<day>\d{1,2})\.(?P<month>\d{1,2})\.(?P<year>\d{4}|\d{2})?(?!\d)"),
    re.compile(
        rf"\b(?:the )?{_DAY.format('day')}(?: of)? {_MONTH.format('name')}"
        r"(?:,? (?P<year>\d{4}))?",
        re.IGNORECASE,
    ),
    re.compile(
        rf"\b{_MONTH.format('name')} {_DAY.format('day')}\b(?:,? (?P<year>\d{{4}}))?", re.IGNORECASE
    ),
)
_MONTH_YEAR = re.compile(rf"\b{_MONTH.format('name')},? (?P<year>\d{{4}})", re.IGNORECASE)
_TIMES = (
    re.compile(
        r"\b(?P<hour>\d{1,2})(?:[:.](?P<minute>\d{2}))?\s?(?P<half>[ap])\.?m\b\.?", re.IGNORECASE
    ),
    re.compile(r"\b(?P<hour>[01]?\d|2[0-4])[:h](?P<minute>[0-5]\d)(?::[0-5]\d)?\b"),
)
_NUMBER = re.compile(r"(?<![\w.,])\d+(?:[.,'’\u202f]\d+)*|(?<=[^\W\d_])\d+")
_MARKER = re.compile(r"\[\d+(?:\s*,\s*\d+)*\]")
_WORDS = re.compile(r"[a-z]+", re.IGNORECASE)


def without_markers(text: str) -> str:
    """`text` without its citation markers ([1], [2, 3])."""
    return _MARKER.sub("", text)


def figures(text: str) -> set[str]:
    """Every figure in `text`, canonical."""
    found: set[str] = set()
    rest = without_markers(text)
    for pattern in _DATES:
        rest = pattern.sub(lambda match: _date(match, found), rest)
    rest = _MONTH_YEAR.sub(lambda match: _date(match, found), rest)
    for pattern in _TIMES:
        rest = pattern.sub(lambda match: _time(match, found), rest)
    found.update(_number(match.group()) for match in _NUMBER.finditer(rest))
    for word in _WORDS.findall(rest.lower()):
        found.update(_word(word))
    return found


def _date(match: re.Match[str], found: set[str]) -> str:
    parts = match.groupdict()
    month = _month(parts["name"]) if parts.get("name") else int(parts["month"])
    if parts.get("day"):
        found.add(f"{month:02}-{int(parts['day']):02}")
    else:
        found.add(f"m{month:02}")
    if year := parts.get("year"):
        found.add(f"y{year if len(year) == 4 else '20' + year}")
    return " "


def _month(name: str) -> int:
    return next(
        number
        for number, month in enumerate(_MONTHS, 1)
        if month.startswith(name.lower().rstrip(".")[:3])
    )


def _time(match: re.Match[str], found: set[str]) -> str:
    parts = match.groupdict()
    hour, minute = int(parts["hour"]), int(parts["minute"] or 0)
    if half := parts.get("half"):
        hour = hour % 12 + (12 if half.lower() == "p" else 0)
    found.add(f"{hour:02}:{minute:02}")
    return " "


def _number(digits: str) -> str:
    """The value of a number in either notation: 1,234.50 and 1.234,50 are both 1234.5."""
    plain = re.sub(r"['’\u202f]", "", digits)
    groups = re.split(r"[.,]", plain)
    if len(groups) == 1:
        return _canonical(plain)
    *whole, last = groups
    separators = set(re.findall(r"[.,]", plain))
    if len(last) == 3 and (len(separators) == 1):  # 1,234 or 1.234.567: thousands
        return _canonical("".join(groups))
    return _canonical("".join(whole) + "." + last)


def _canonical(value: str) -> str:
    return format(Decimal(value).normalize(), "f")


def _word(word: str) -> set[str]:
    if word in _COUNTS:
        return {str(_COUNTS.index(word) + 2)}
    if word in _RELATIVE:
        return {word}
    if word.rstrip("s") in _WEEKDAYS:
        return {word[:3]}
    if word in _MONTHS and word not in {"may", "march"}:  # both are also verbs
        return {f"m{_MONTHS.index(word) + 1:02}"}
    return set()


def expand(evidence: set[str]) -> set[str]:
    """What may be said on this evidence: a date also vouches for its month, its day and its year
    as bare numbers."""
    allowed = set(evidence)
    for figure in evidence:
        if re.fullmatch(r"\d{2}-\d{2}", figure):
            allowed |= {f"m{figure[:2]}", str(int(figure[3:]))}
        elif figure.startswith("y"):
            allowed.add(figure[1:])
        elif re.fullmatch(r"\d{2}:\d{2}", figure):
            allowed |= _clock_variants(figure)
        elif re.fullmatch(r"\d{4}", figure):
            allowed.add(f"y{figure}")
    return allowed


def _clock_variants(time: str) -> set[str]:
    hour, minute = time.split(":")
    return {str(int(hour)), f"{int(hour) % 12 or 12}"} if minute == "00" else set()
