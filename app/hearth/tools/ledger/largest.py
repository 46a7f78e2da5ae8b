"""The largest payments."""

from __future__ import annotations

import re

from pydantic import Field

from hearth.core.tools import ToolContext, ToolResult
from hearth.tools.ledger import question, wording
from hearth.tools.ledger.asking import Arguments, LedgerTool
from hearth.tools.ledger.question import Question

_USUAL = 5
_WORDS = ("two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven")
_NUMBERS = {word: number for number, word in enumerate(_WORDS, 2)} | {
    "twelve": 12,
    "fifteen": 15,
    "twenty": 20,
}
_NAMED = "|".join(_NUMBERS)
_SIZE = r"(?:largest|biggest|highest|most expensive|top|dearest)"
_COUNT = re.compile(
    rf"\b(?P<a>\d{{1,2}}|{_NAMED})\s+{_SIZE}|{_SIZE}\s+(?P<b>\d{{1,2}}|{_NAMED})\b", re.IGNORECASE
)
_ONE = re.compile(
    rf"\b{_SIZE}(?:\s+single)?\s+(?:\w+\s+)?(?:payment|expense|purchase|transaction|bill|cost|income)\b",
    re.IGNORECASE,
)


class LargestArguments(Arguments):
    """Which payments, and how many."""

    count: str = Field("", description="how many")


class Largest(LedgerTool):
    """Lists payments by size."""

    name = "ledger_largest"
    description = "lists the largest single payments"
    arguments = LargestArguments
    examples = (
        "What were the five largest payments this year?",
        "What was our biggest expense last month?",
        "Show me the ten highest payments since June.",
        "Which were the three most expensive purchases in October?",
        "What is the largest amount we paid this year?",
        "Top 5 expenses last month",
        "What was the biggest payment we received this year?",
    )

    def answer(self, asked: Question, context: ToolContext, arguments: Arguments) -> ToolResult:
        """A list, largest first."""
        said = getattr(arguments, "count", "")
        follows = question.leans(context.request)
        talk = (context.request, *(reversed(context.recent) if follows else ()))
        wanted = next((count for text in talk if (count := how_many(text, said))), _USUAL)
        found = wording.largest_first(asked.payments())[:wanted]
        what = "payments" if asked.way == "spent" else "payments received"
        head = f"These are the {len(found)} largest {what}{wording.about(asked)} {asked.when}"
        if len(found) == 1:
            head = f"This is the largest {what.replace('payments', 'payment')}"
            head += f"{wording.about(asked)} {asked.when}"
        lines = [wording.row_line(n, one) for n, one in enumerate(found, 1)]
        note = [asked.beyond.strip()] if asked.beyond else []
        return ToolResult(
            answer="\n".join([f"{head}:", *lines, *note]),
            facts=tuple(wording.row_fact(n, one) for n, one in enumerate(found, 1)),
            verbatim=True,
            summary=wording.count(len(found)),
        )


def how_many(request: str, said: str) -> int | None:
    """How many are asked for: by number, one for "the largest payment"."""
    if found := _COUNT.search(request):
        word = (found["a"] or found["b"]).lower()
        number = int(word) if word.isdigit() else _NUMBERS[word]
        return min(max(number, 1), wording.SHOWN)
    if _ONE.search(request):
        return 1
    return _NUMBERS.get(said.lower()) if said and said.lower() in request.lower() else None
