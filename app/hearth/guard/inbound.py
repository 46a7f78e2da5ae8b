"""The guard at the door: what is fit to be a turn at all."""

from __future__ import annotations

import unicodedata

from hearth.core.api import MESSAGE_BYTES
from hearth.core.drafts import Verdict
from hearth.core.people import Caller, Right
from hearth.core.turns import Turn

_LAYOUT = frozenset("\n\r\t")


def inbound(turn: Turn, caller: Caller) -> Verdict:
    """Whether this caller's message may become a turn."""
    if not caller.may(Right.ASK):
        return Verdict(allowed=False, code="not_allowed", reason="You may not ask this pod.")
    return readable(turn.text)


def readable(text: str) -> Verdict:
    """Whether `text` is a message: not empty, not a document, no control characters."""
    size = len(text.encode())
    if size > MESSAGE_BYTES:
        return Verdict(
            allowed=False,
            code="too_large",
            reason=(
                f"The message has {size // 1000} kB; a message may have {MESSAGE_BYTES // 1000}. "
                "Add a long text to the library and ask about it."
            ),
        )
    if not text.strip():
        return Verdict(allowed=False, code="bad_input", reason="The message is empty.")
    for place, character in enumerate(text):
        if character not in _LAYOUT and unicodedata.category(character) in {"Cc", "Cs"}:
            return Verdict(
                allowed=False,
                code="bad_input",
                reason=f"Character {place + 1} (U+{ord(character):04X}) is not text; remove it.",
            )
    return Verdict(allowed=True)
