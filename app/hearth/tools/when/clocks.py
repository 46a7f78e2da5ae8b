"""The grammar of times of day and of durations."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import time, timedelta

from hearth.tools.when import vocabulary as words

_NUMBER = words.alternatives(words.NUMBERS)
_HOUR = r"(?P<h>[01]?\d|2[0-4])"
_MINUTE = r"[:.](?P<mi>[0-5]\d)"
_HALF = r"\s?(?P<half>[ap]\.?m)\b\.?"
_TIME = rf"{_HOUR}(?:{_MINUTE})?(?:{_HALF})?(?:\s?o'clock)?"
_LEAD = r"(?P<lead>at|from|after|before|by|until|till|since|around|about|to|starting at)"
_UNITS = r"%|€|\$|£|euros?|minutes?|hours?|days?|weeks?|months?|years?|people|of\b"
_NOT_A_TIME = rf"(?!\w|[.,:]?\d|\s?(?:{_UNITS}))"
_SECOND = _TIME.replace("<h>", "<h2>").replace("<mi>", "<mi2>").replace("<half>", "<half2>")

_RANGE = re.compile(
    rf"\b(?:(?P<lead>from|between)\s)?{_TIME}\s?(?:to|until|till|and|-|–)\s?{_SECOND}{_NOT_A_TIME}",
    re.IGNORECASE,
)
_SPOKEN = re.compile(
    rf"\b(?:{_LEAD}\s)?(?P<word>half|quarter|ten|twenty|five|twenty[- ]five)(?:\sminutes)?\s"
    rf"(?P<way>past|to)\s(?P<h>[1-9]\b|1[0-2]\b|{_NUMBER})(?:{_HALF})?(?!\w)",
    re.IGNORECASE,
)
_NAMED = re.compile(rf"\b(?:{_LEAD}\s)?(?P<name>noon|midday|midnight)\b", re.IGNORECASE)
_EXACT = re.compile(rf"\b(?:{_LEAD}\s)?{_HOUR}:(?P<mi>[0-5]\d)(?:{_HALF})?(?![\w:])", re.IGNORECASE)
_HALVED = re.compile(rf"\b(?:{_LEAD}\s)?{_HOUR}(?:{_MINUTE})?{_HALF}(?!\w)", re.IGNORECASE)
_O_CLOCK = re.compile(rf"\b(?:{_LEAD}\s)?(?P<h>\d{{1,2}}|{_NUMBER})\s?o'clock\b", re.IGNORECASE)
_LED = re.compile(rf"\b{_LEAD}\s{_HOUR}(?:{_MINUTE})?{_NOT_A_TIME}", re.IGNORECASE)
_LED_WORD = re.compile(rf"\b(?P<lead>at)\s(?P<h>{_NUMBER})\b{_NOT_A_TIME}", re.IGNORECASE)
_SINGLES = (_SPOKEN, _NAMED, _EXACT, _HALVED, _O_CLOCK, _LED, _LED_WORD)
_MINUTES = {"half": 30, "quarter": 15, "ten": 10, "twenty": 20, "five": 5}
_NAMES = {"noon": time(12), "midday": time(12), "midnight": time()}
_DURATION = re.compile(
    rf"\bfor\s(?:(?P<n>an hour and a half|one and a half|half an|\d{{1,3}}(?:[.,]5)?|{_NUMBER})"
    r"(?:\s(?P<u>hours?|minutes?|mins?|h))?)(?!\w)",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Clock:
    """A time of day or a range of two, as said; `lead` is the word before it ("after")."""

    start: int  # where it stands in the text
    stop: int
    begins: time
    ends: time | None = None
    lead: str = ""


def scan(text: str, part: str | None = None) -> Clock | None:
    """The first time of day in `text`; `part` of the day tells mornings from evenings."""
    if (match := _RANGE.search(text)) and _is_range(match):
        return _range(match, part)
    found = [match for pattern in _SINGLES if (match := pattern.search(text))]
    found.sort(key=lambda match: (match.start(), -match.end()))
    for match in found:
        clock = _single(match, part)
        if clock is not None:
            return clock
    return None


def duration(text: str) -> tuple[timedelta, tuple[int, int]] | None:
    """How long "for an hour", "for 45 minutes" is, and where it stands."""
    for match in _DURATION.finditer(text):
        if span := _lasting(match):
            return span, match.span()
    return None


def _lasting(match: re.Match[str]) -> timedelta | None:
    said, unit = match["n"].lower(), (match["u"] or "").lower()
    if said == "an hour and a half":
        return timedelta(minutes=90)
    if not unit:
        return None
    count = {"half an": 0.5, "one and a half": 1.5}.get(said)
    if count is None:
        count = float(said.replace(",", ".")) if said[0].isdigit() else words.number(said)
    return timedelta(hours=count) if unit.startswith("h") else timedelta(minutes=count)


def _is_range(match: re.Match[str]) -> bool:
    parts = match.groupdict()
    return any(parts[name] for name in ("lead", "mi", "mi2", "half", "half2"))


def _range(match: re.Match[str], part: str | None) -> Clock | None:
    begins = _clock(match["h"], match["mi"], match["half"] or match["half2"], part)
    ends = _clock(match["h2"], match["mi2"], match["half2"], part)
    if begins is None or ends is None:
        return None
    if begins > ends and match["half2"] and not match["half"] and begins.hour >= 12:
        begins = begins.replace(hour=begins.hour - 12)  # 11 to 1 pm
    if ends <= begins and not match["half2"]:
        ends = _after(begins, ends, match["h2"])
    return Clock(*match.span(), begins, ends, (match["lead"] or "").lower())


def _after(begins: time, ends: time, said: str) -> time:
    """The reading of an end that seems to lie before its start: 10 to 8, 22:00 to 6:30."""
    if ends.hour < 12 and ends.replace(hour=ends.hour + 12) > begins:
        return ends.replace(hour=ends.hour + 12)
    return ends.replace(hour=words.number(said.lower()) % 24)  # on the next day


def _single(match: re.Match[str], part: str | None) -> Clock | None:
    parts = match.groupdict()
    lead = (parts.get("lead") or "").lower()
    if name := parts.get("name"):
        return Clock(*match.span(), _NAMES[name.lower()], None, lead)
    clock = _clock(match["h"], parts.get("mi"), parts.get("half"), part)
    if clock is None:
        return None
    if word := parts.get("word"):
        clock = _spoken(clock, word.lower(), parts["way"].lower())
    return Clock(*match.span(), clock, None, lead)


def _spoken(clock: time, word: str, way: str) -> time:
    minutes = _MINUTES.get(word, 25)
    total = clock.hour * 60 + (minutes if way == "past" else -minutes)
    return time(total // 60 % 24, total % 60)


def _clock(hour: str, minute: str | None, half: str | None, part: str | None) -> time | None:
    value = words.number(hour.lower())
    if half:
        if not 1 <= value <= 12:
            return None
        value = value % 12 + (12 if half.lower().startswith("p") else 0)
    elif not hour.startswith("0") and (1 <= value <= 7 or (value < 12 and _late(part))):
        value += 0 if part == "morning" else 12
    return time(value % 24, int(minute or 0)) if value <= 24 else None


def _late(part: str | None) -> bool:
    return part in {"afternoon", "evening", "night"}
