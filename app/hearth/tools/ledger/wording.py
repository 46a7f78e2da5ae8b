"""Payments as sources, facts and sentences."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from hearth.core.tools import Fact, ToolResult
from hearth.core.turns import Citation
from hearth.store.pod.ledger import Payment
from hearth.tools.ledger import categories, money
from hearth.tools.ledger.question import Question

SHOWN = 40
_MARKED = 3  # sources of a sum that its sentence names; the facts have the rest


def citation(number: int, payment: Payment) -> Citation:
    """The row behind a figure."""
    return Citation(
        number=number,
        ref=f"transaction:{payment.id}",
        kind="transaction",
        title=payment.payee,
        source=payment.file.rpartition("/")[2],
        locator=f"line {payment.line}",
        snippet=f"{payment.booked.isoformat()} {payment.payee} {signed(payment)}",
    )


def row_fact(number: int, payment: Payment) -> Fact:
    """One payment as evidence."""
    booked = f"{payment.booked.day} {payment.booked:%B %Y}"
    text = f"{booked}: {payment.payee}, {payment.purpose}: {amount(payment)}"
    return Fact(text=text, citation=citation(number, payment))


def row_line(number: int, payment: Payment) -> str:
    """One payment as a line of a list."""
    booked = f"{payment.booked.day} {payment.booked:%B %Y}"
    purpose = f" ({payment.purpose})" if payment.purpose != payment.payee else ""
    return f"- {booked}: {payment.payee}{purpose}, {amount(payment)} [{number}]"


def amount(payment: Payment) -> str:
    """How much, without its sign."""
    return money.printed(payment.minor_units, payment.currency)


def signed(payment: Payment) -> str:
    """How much, with its sign."""
    return f"{'−' if payment.minor_units < 0 else '+'}{amount(payment)}"


def total(payments: Sequence[Payment]) -> str:
    """The sum, for each currency."""
    sums: Counter[str] = Counter()
    for payment in payments:
        sums[payment.currency] += payment.minor_units
    return " and ".join(money.printed(units, currency) for currency, units in sorted(sums.items()))


def count(number: int) -> str:
    """So many payments, in words."""
    return f"{number:,} payment{'' if number == 1 else 's'}"


def markers(number: int) -> str:
    """The first few sources of a sum."""
    return " ".join(f"[{n}]" for n in range(1, min(number, _MARKED) + 1))


def largest_first(payments: Sequence[Payment]) -> list[Payment]:
    """By size; of equals the newest."""
    return sorted(payments, key=lambda one: (-abs(one.minor_units), -one.booked.toordinal()))


def about(question: Question, spent: str = "for") -> str:
    """The subject with its preposition: " for groceries", " to Hausverwaltung Brandt"."""
    wanted = question.subject
    if wanted is None or wanted.everything:
        return ""
    received = question.way == "received"
    if wanted.category:
        named = categories.name(wanted.category)
        plain = {"received": f" as {named}", "spent": f" {spent} {named}"}
        return "" if wanted.category == categories.INCOME else plain[question.way]
    if wanted.payee:
        return f" {'from' if received else 'to'} {wanted.payee}"
    return f" for “{wanted.said}”"


def nothing(question: Question) -> ToolResult:
    """Nothing was found: a known subject without payments, or one that nobody knows."""
    if question.subject is None:
        return ToolResult(
            answer=(
                "I don't know: there are no payments to or for, and no category called, "
                f"“{question.unknown}”."
            ),
            found=False,
            summary="no such payments",
        )
    way = "payments" if question.way == "spent" else "money received"
    return ToolResult(
        answer=f"I found no {way}{about(question)} {question.when}.{question.beyond}",
        # That a category or a payee has none is an answer; other words may mean a letter instead.
        found=bool(question.subject.category or question.subject.payee),
        verbatim=True,
        summary="no payments",
    )


def balance() -> ToolResult:
    """What an account holds is in no payment."""
    return ToolResult(
        answer="I don't know: I keep payments, not what is in an account.",
        found=False,
        summary="no balances",
    )


def empty() -> ToolResult:
    """There is no ledger yet."""
    return ToolResult(
        answer="I don't know: there are no bank statements yet. Add one on the documents page.",
        found=False,
        summary="no statements",
    )
