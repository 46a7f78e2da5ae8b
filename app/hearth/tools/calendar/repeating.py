"""How often a new event is to repeat, in the member's words."""

from __future__ import annotations

import re

_EVERY = re.compile(
    r"\b(?:every|each)\s(?P<other>other\s|second\s|two\s|2\s)?"
    r"(?P<what>day|week|month|year|weeks|months|days|(?:mon|tues|wednes|thurs|fri|satur|sun)day)\b"
    r"|\b(?P<adverb>daily|weekly|monthly|yearly|annually)\b",
    re.IGNORECASE,
)
_FREQUENCY = {"day": "DAILY", "week": "WEEKLY", "month": "MONTHLY", "year": "YEARLY"}
_ADVERBS = {"annually": "YEARLY"}
_SAID = {"DAILY": "day", "WEEKLY": "week", "MONTHLY": "month", "YEARLY": "year"}


def repetition(text: str) -> tuple[str, tuple[int, int]] | None:
    """The rule (RFC 5545) and its words' place: "every Tuesday", "every other week", "monthly"."""
    match = _EVERY.search(text)
    if match is None:
        return None
    if adverb := (match["adverb"] or "").lower():
        return f"FREQ={_ADVERBS.get(adverb, adverb.upper())}", match.span()
    what = match["what"].lower()
    rule = f"FREQ={_FREQUENCY.get(what.rstrip('s'), 'WEEKLY')}"
    # The weekday itself stays in the text: it is the day of the first instance.
    stop = match.end() if what.rstrip("s") in _FREQUENCY else match.start("what")
    return rule + (";INTERVAL=2" if match["other"] else ""), (match.start(), stop)


def described(rule: str) -> str:
    """ "every week", "every two weeks"."""
    frequency, _, interval = rule.removeprefix("FREQ=").partition(";")
    return f"every two {_SAID[frequency]}s" if interval else f"every {_SAID[frequency]}"
