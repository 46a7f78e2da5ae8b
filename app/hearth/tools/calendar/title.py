"""The name of a new event, made of the member's own words."""

from __future__ import annotations

import re

from hearth.core.tools import ToolContext
from hearth.tools.asking import copied, follows_up
from hearth.tools.when import find, without

LENGTH = 120
_COMMAND = re.compile(
    r"^\W*(?:(?:hey|ok|please|and|also|can you|could you|would you|will you|i want to|i'd like to|"
    r"we need to|let's|let us|now)\W+)*"
    r"(?:add|put|enter|schedule|book|create|make|plan|set up|note|save|insert|remind \w+ of)\b\s*"
    r"(?:(?:me|us|in|down|up)\b\s*)?(?:(?:an?|the|another|new|our|my)\b\s*)*"
    r"(?:(?:appointment|event|entry|meeting|date)\b\s*(?=(?:for|called|named|with)\b))?"
    r"(?:(?:called|named|for)\b\s*)?",
    re.IGNORECASE,
)
_TAIL = re.compile(
    r"\b(?:to|in|into|on|onto)\s(?:the|our|my|your|a)?\s?(?:\w+\s)?(?:calendar|diary|agenda)\b|"
    r"\bplease\b|\b(?:all[- ]day)\b",
    re.IGNORECASE,
)
_EDGES = re.compile(
    r"^(?:(?:an?|the|on|at|in|for|and)\s)+|\s(?:on|at|in|from|for|to|and|the)$", re.IGNORECASE
)
_FOR_WHOM = re.compile(
    r"\s(?:for|of)\s(?P<who>[A-ZÀ-Þ][\w’'-]*(?:\s(?:and|&)\s[A-ZÀ-Þ][\w’'-]*)*)\s*$"
)
_NOISE = frozenset(
    {"event", "appointment", "entry", "meeting", "calendar", "it", "that", "something"}
)

_OURSELVES = frozenset({"me", "us", "we", "family", "the family"})


def title(context: ToolContext, said: str, who: str, rest: str) -> str:
    """The event's name: the model's choice where a member said those words, else the request's.

    `rest` is the request without its time. "dentist … for Mia" becomes "Dentist (Mia)". A request
    that only adds the time ("On Tuesday at 10") leaves the name to the one before it.
    """
    earlier = [_timeless(text, context) for text in reversed(context.recent)]
    heard = [rest, *(earlier if follows_up(context) else ())]
    for text in heard:
        for words in (copied(said, text), text):
            name, person = _parted(_tidy(words))
            if name and name.lower() not in _NOISE:
                person = person or _person(who, text, name)
                full = f"{name} ({person})" if person else name
                return (full[:1].upper() + full[1:])[:LENGTH]
    return ""


def _timeless(text: str, context: ToolContext) -> str:
    found = find(text, context.now)
    return without(text, found.pieces) if found else text


def _tidy(text: str) -> str:
    bare = _TAIL.sub(" ", _COMMAND.sub("", " ".join(text.split())))
    bare = " ".join(bare.split()).strip(' ,.;:!?"“”')
    while (shorter := _EDGES.sub("", bare)) != bare:
        bare = shorter.strip()
    return bare


def _parted(text: str) -> tuple[str, str]:
    match = _FOR_WHOM.search(text)
    return (text[: match.start()].strip(), match["who"]) if match else (text, "")


def _person(who: str, text: str, name: str) -> str:
    """Whom it is for, if the member said so in `text` and the name does not hold it yet."""
    _, person = _parted(_tidy(text))
    said = person or copied(who, text)
    if not said or said.lower() in name.lower() or said.lower() in _OURSELVES:
        return ""
    led = re.search(rf"\bfor\s{re.escape(said)}\b", text, re.IGNORECASE)
    return said if led else ""
