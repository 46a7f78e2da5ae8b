"""The payments themselves."""

from __future__ import annotations

from hearth.core.tools import Fact, ToolContext, ToolResult
from hearth.tools.ledger import wording
from hearth.tools.ledger.asking import Arguments, LedgerTool
from hearth.tools.ledger.question import Question


class Listing(LedgerTool):
    """Lists payments, newest first."""

    name = "ledger_list"
    description = "lists the payments to a payee or in a category, newest first"
    examples = (
        "Show me the payments to Grünmarkt in October.",
        "List all insurance payments this year.",
        "When did we last pay the landlord?",
        "Which payments did we make to the kindergarten?",
        "What did we buy at the pharmacy last month?",
        "List what we received in September.",
        "Did we pay the electricity in October?",
    )

    def answer(self, asked: Question, context: ToolContext, arguments: Arguments) -> ToolResult:
        """A line for each payment, and their sum."""
        found = asked.payments()
        shown = found[: wording.SHOWN]
        received = " received" if asked.way == "received" else ""
        head = f"{wording.count(len(found))}{received}{wording.about(asked)} {asked.when}, "
        head += f"{wording.total(found)} in all"
        if len(shown) < len(found):
            head += f"; the newest {len(shown)} are"
        lines = [wording.row_line(n, one) for n, one in enumerate(shown, 1)]
        note = [asked.beyond.strip()] if asked.beyond else []
        rows = (wording.row_fact(n, one) for n, one in enumerate(shown, 1))
        return ToolResult(
            answer="\n".join([f"{head}:", *lines, *note]),
            facts=(Fact(text=head), *rows),
            verbatim=True,
            summary=wording.count(len(found)),
        )
