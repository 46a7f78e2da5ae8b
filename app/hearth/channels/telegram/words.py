"""What the channel itself says."""

from __future__ import annotations

from hearth.core.errors import HearthError

STRANGER = (
    "Hello. I answer only the people of one household. If you are one of them, open Hearth's page "
    "there, make a code under House › Telegram, and send it to me as /start CODE."
)
NOT_PRIVATE = (
    "What is written here passes through Telegram's servers, which can read it: bots have no "
    "end-to-end encryption. Keep what should stay in the house for Hearth's own page."
)
HELP = (
    "Write a question as you would say it. /today tells what is on today, /undo takes your last "
    "change back, /new begins another conversation."
)
ONLY_TEXT = "I can only read text here. Add files on Hearth's own page."
NEW = "A new conversation: I no longer refer to what was said before."
NOTHING_TO_UNDO = "There is no change of yours to take back."
UNLINKED = "This chat is no longer linked to Hearth. Make a new code under House › Telegram."
TODAY = "What is on today?"


def welcome(member: str, title: str) -> str:
    """What somebody hears who has linked their account."""
    return f"Hello {member}. You can now ask {title} here. {HELP}\n\n{NOT_PRIVATE}"


def refusal(error: HearthError) -> str:
    """An error as a sentence or two."""
    words = f"{error.message[:1].upper()}{error.message[1:]}"
    stop = "" if words.endswith((".", "?", "!")) else "."
    return f"{words}{stop} {error.remedy or ''}".strip()
