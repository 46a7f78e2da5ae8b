"""How much was spent or received."""

from __future__ import annotations

from pydantic import Field

from hearth.core.tools import Fact, ToolContext, ToolResult
from hearth.store.pod.ledger import Payment
from hearth.tools.ledger import wording
from hearth.tools.ledger.asking import Arguments, LedgerTool
from hearth.tools.ledger.question import Question


class TotalArguments(Arguments):
    """What is added up."""

    direction: str = Field("", description="spent or received")


class Total(LedgerTool):
    """Adds up payments."""

    name = "ledger_total"
    description = "how much money was spent, paid, earned or received in all"
    arguments = TotalArguments
    examples = (
        "How much did we spend on groceries last month?",
        "How much did we pay the landlord in September?",
        "What did we earn last month?",
        "How much have we spent at the supermarket this year?",
        "How much was the car repair?",
        "What did the electricity cost us in June?",
        "How much money came in this year?",
        "What did we spend on restaurants in October?",
        "And the month before?",
    )

    def answer(self, asked: Question, context: ToolContext, arguments: Arguments) -> ToolResult:
        """One sum in one sentence."""
        found = wording.largest_first(asked.payments())
        total, count = wording.total(found), wording.count(len(found))
        rest = f"{asked.when}, in {count}."
        markers = wording.markers(len(found))
        facts = [Fact(text=f"{_fact(asked)} {asked.when}: {total} in {count}")]
        if note := _refunded(asked.refunds()) + asked.beyond:
            facts.append(Fact(text=note.strip()))
        if len(found) > wording.SHOWN:
            facts.append(Fact(text=f"the {wording.SHOWN} largest of the {len(found)} payments:"))
        facts += [wording.row_fact(n, one) for n, one in enumerate(found[: wording.SHOWN], 1)]
        return ToolResult(
            answer=f"{_sentence(asked, total)} {rest}{note} {markers}",
            facts=tuple(facts),
            summary=f"{total} in {count}",
        )


def _sentence(asked: Question, total: str) -> str:
    if asked.way == "received":
        return f"You received {total}{wording.about(asked)}"
    if asked.subject and asked.subject.payee:
        return f"You paid {total}{wording.about(asked)}"
    return f"You spent {total}{wording.about(asked, 'on')}"


def _fact(asked: Question) -> str:
    done = "received" if asked.way == "received" else "spent"
    paid = "paid" if done == "spent" and asked.subject and asked.subject.payee else done
    return f"{paid}{wording.about(asked, 'on')}"


def _refunded(refunds: list[Payment]) -> str:
    if not refunds:
        return ""
    return f" Refunds of {wording.total(refunds)} came back and are not taken off."
