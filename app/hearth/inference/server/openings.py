"""Where calls may begin in an answer, and what stands around them.

The syntaxes are those that models are known to write, for a small model mixes them:
`<tool_call>{…}</tool_call>` (Qwen, Hermes), `[TOOL_CALLS][{…}, …]` and `[TOOL_CALLS]name[ARGS]{…}`
(Mistral), and an object or a list of them that begins a line, in a code block or not.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

MARKS = ("<tool_call>", "[TOOL_CALLS]")
FENCE = "```"
OPENING = re.compile(r"<tool_call>|\[TOOL_CALLS\]|```|[{\[]")
_LITERALS = (*MARKS, FENCE)
# From an opening to the object of the first call, and what of that may have come so far.
_HEAD = re.compile(r"(?:<tool_call>\s*|\[TOOL_CALLS\]\s*|```(?:json)?\s*)?(\[\s*)?(?=\{)")
_HEAD_BEGUN = re.compile(r"(?:<tool_call>\s*|\[TOOL_CALLS\]\s*|```[json]{0,4}\s*)?(?:\[\s*)?")
_NAMED = re.compile(r"\[TOOL_CALLS\]\s*([\w.-]+)(?:\[CALL_ID\]\w+)?(?:\[ARGS\])?\s*(?=\{)")
_NAMED_BEGUN = re.compile(r"\[TOOL_CALLS\]\s*[\w.-]+(?:\[\w*\]?\w*){0,2}\s*")
_NEXT = re.compile(r",?\s*(?=\{)")
_NEXT_BEGUN = re.compile(r",?\s*")


class NoCall(Exception):
    """What looked like a call is none."""


@dataclass(frozen=True)
class Head:
    """What has come before a call's object."""

    object: int  # where it begins
    name: str | None = None  # of the function; then the object is its arguments alone
    closers: tuple[str, ...] = ()  # what may follow the object


def head(text: str, at: int) -> Head | None:
    """What stands at an opening; None while that is open; raises NoCall."""
    if named := _NAMED.match(text, at):
        return Head(named.end(), named[1])
    if found := _HEAD.match(text, at):
        closers = ["]"] if found[1] else []
        if text.startswith("<tool_call>", at):
            closers.append("</tool_call>")
        elif text.startswith(FENCE, at):
            closers.append(FENCE)
        return Head(found.end(), closers=tuple(closers))
    if _HEAD_BEGUN.fullmatch(text, at) or _NAMED_BEGUN.fullmatch(text, at):
        return None
    raise NoCall


def following(text: str, at: int) -> int | None:
    """Where the next object in the same surroundings begins, if one follows."""
    found = _NEXT.match(text, at)
    return found.end() if found else None


def may_follow(text: str, at: int, closer: str) -> bool:
    """Whether more text could still bring another object or the closer."""
    return bool(_NEXT_BEGUN.fullmatch(text, at)) or closer.startswith(text[at:])


def unfinished(rest: str) -> bool:
    """Whether more text could make a mark or a fence of this."""
    return rest not in _LITERALS and any(literal.startswith(rest) for literal in _LITERALS)


def held(text: str, start: int) -> int:
    """How many last characters after `start` could become a mark or a fence."""
    return max(
        (
            size
            for literal in _LITERALS
            for size in range(1, len(literal))
            if text.endswith(literal[:size], start)
        ),
        default=0,
    )
