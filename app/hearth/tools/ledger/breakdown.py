"""What the money went on, by category."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from hearth.core.tools import Fact, ToolContext, ToolResult
from hearth.store.pod.ledger import Payment
from hearth.tools.ledger import categories, wording
from hearth.tools.ledger.asking import Arguments, LedgerTool
from hearth.tools.ledger.question import Question


class Breakdown(LedgerTool):
    """Adds up by category."""

    name = "ledger_breakdown"
    description = "spending by category: what most money went on"
    examples = (
        "What did we spend most on last month?",
        "Where did our money go in October?",
        "Break down our spending this year by category.",
        "What are our biggest spending categories?",
        "How is our spending split up this month?",
        "Give me an overview of our expenses last month.",
        "Which category cost us the most this year?",
    )

    def answer(self, asked: Question, context: ToolContext, arguments: Arguments) -> ToolResult:
        """A line for each category, the dearest first, with its largest payment as source."""
        found = asked.payments()
        groups = _groups(found)
        verb = "spent" if asked.way == "spent" else "received"
        about = wording.about(asked, "on")
        head = f"You {verb} {wording.total(found)}{about} {asked.when}, most first:"
        lines, facts = [], [Fact(text=head)]
        for number, group in enumerate(groups, 1):
            text = _line(group)
            lines.append(f"- {text} [{number}]")
            largest = wording.largest_first(group)[0]
            facts.append(Fact(text=text, citation=wording.citation(number, largest)))
        note = [asked.beyond.strip()] if asked.beyond else []
        return ToolResult(
            answer="\n".join([head, *lines, *note]),
            facts=tuple(facts),
            verbatim=True,
            summary=f"{len(groups)} categor{'y' if len(groups) == 1 else 'ies'}",
        )


def _groups(payments: Sequence[Payment]) -> list[list[Payment]]:
    """The payments of each category and currency, the largest sum first."""
    groups: defaultdict[tuple[str, str], list[Payment]] = defaultdict(list)
    for payment in payments:
        groups[payment.category, payment.currency].append(payment)
    return sorted(groups.values(), key=lambda group: -abs(sum(p.minor_units for p in group)))


def _line(group: Sequence[Payment]) -> str:
    largest = wording.largest_first(group)[0]
    most = f"the largest to {largest.payee}: {wording.amount(largest)}"
    return (
        f"{categories.name(group[0].category)}: {wording.total(group)} in "
        f"{wording.count(len(group))}" + (f", {most}" if len(group) > 1 else f", {largest.payee}")
    )
