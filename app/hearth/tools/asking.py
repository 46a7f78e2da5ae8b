"""What a member asked: the words that a tool may rely on, and the time they speak of."""

from __future__ import annotations

import re

from hearth.core.terms import words
from hearth.core.tools import ToolContext
from hearth.tools.when import Direction, Found, find, locate, vocabulary

_FOLLOW_UP = re.compile(
    r"\s*(?:and|or|but|also|then|what about|how about|same|only|no,?|ok,?|yes,?)\b", re.IGNORECASE
)
_SHORT = 4  # words: a request that cannot stand alone
_PAST = re.compile(
    r"\b(?:was|were|did|had|been|ago|happened|spent|paid|earned|received|last time)\b",
    re.IGNORECASE,
)
_PART = re.compile(rf"\s*\b(?:{vocabulary.alternatives(vocabulary.PARTS)})\b", re.IGNORECASE)


def copied(argument: str, *texts: str) -> str:
    """`argument` if all its words stand in one of `texts`; empty otherwise.

    A small model sometimes fills an argument with words of its own; those count for nothing.
    """
    wanted = set(words(argument))
    known = (set(words(text)) for text in texts)
    return argument.strip() if wanted and any(wanted <= those for those in known) else ""


def follows_up(context: ToolContext) -> bool:
    """Whether the request leans on an earlier one ("And on Sunday?")."""
    if not context.recent:
        return False
    return bool(_FOLLOW_UP.match(context.request)) or len(context.request.split()) <= _SHORT


def direction(text: str) -> Direction:
    """Whether `text` looks back."""
    return "past" if _PAST.search(text) else "future"


def timing(context: ToolContext, argument: str, looking: Direction) -> Found | None:
    """The time that the request speaks of, or where it leans on earlier ones, theirs.

    `argument` is the model's copy of the words, used only where a member really said them.
    Raises Unclear.
    """
    found = locate(context.request, context.now, looking)
    if found is not None:
        return found if found.dated else _on_earlier_day(context, found, looking) or found
    if said := copied(argument, *context.recent):
        found = find(said, context.now, looking)
    if found is None and follows_up(context):
        return _earlier(context, looking)
    return found


def _earlier(context: ToolContext, looking: Direction) -> Found | None:
    for text in reversed(context.recent):
        if found := find(text, context.now, looking):
            return found
    return None


def _on_earlier_day(context: ToolContext, found: Found, looking: Direction) -> Found | None:
    """A time of day alone takes the day of the request before it."""
    if not follows_up(context):
        return None
    clock = " ".join(context.request[start:stop] for start, stop in found.pieces)
    for text in reversed(context.recent):
        earlier = find(text, context.now, looking)
        if earlier and earlier.dated:
            start, stop = earlier.pieces[0]
            return find(f"{_PART.sub('', text[start:stop])} {clock}", context.now, looking)
    return None
