"""Which payments a member's words mean: a category, a payee, or what a purpose says."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from hearth.core.terms import STOP_WORDS
from hearth.store.pod.ledger import Payment
from hearth.tools.ledger import categories
from hearth.tools.ledger.folding import tokens

# What one asks about money with; it says nothing of whom or what.
_ASKING_WORDS = """
    account accounts actually after all already altogether amount amounted amounts an and
    average bank before big bigger biggest bill bought break breakdown buy categories category
    charge charged cheap cheapest come cost costs count day days dearest detail details
    different do each earlier earn earned earning earnings eight entire eur euro euros every
    everything exactly expense expenses expensive family far find five four gave get give go
    going gone group grouped half high highest how including income into just kind kinds large
    larger largest last later least list listed lot made main make many money month months
    more most much need needed new nine one ones other out outgoing outgoings overall overview
    paid pay payed payee payees paying payment payments people per please previous purchase
    purchases quarter receive received recent same see seven shop shopping show since single
    six small smallest sort sorted sorts spend spending spendings spends spent split statement
    statements still sum summary sums tell ten thing things three today together top total
    totals transaction transactions two us use used usually week weeks went what which whole
    worth year years
    came balance
"""
_ASKING = frozenset(_ASKING_WORDS.split())


@dataclass(frozen=True)
class Subject:
    """What is asked about; `ids` are the payments it means, None for all."""

    said: str = ""
    category: str | None = None
    payee: str | None = None
    words: frozenset[str] | None = None

    def means(self, payment: Payment) -> bool:
        """Whether a payment is meant. Transfers between own accounts are, only where named."""
        if self.category is not None:
            return payment.category == self.category
        if self.words is not None and not self.words <= _described(payment):
            return False
        return payment.category != categories.TRANSFER or self.words is not None

    @property
    def everything(self) -> bool:
        """Whether no payee and no category is named."""
        return self.category is None and self.words is None


def words_of(request: str) -> list[str]:
    """The words of a request, free of time, that may name a payee or category."""
    found = dict.fromkeys(tokens(request))
    return [word for word in found if word not in STOP_WORDS | _ASKING and not word.isdigit()]


def find(words: Sequence[str], payments: Sequence[Payment]) -> Subject | None:
    """What the words mean among these payments; None when nothing answers to all of them."""
    said = " ".join(words)
    if category := categories.of_words(said):
        return Subject(said, category=category)
    wanted = _singular(words)
    payees = {one.payee for one in payments if wanted <= _singular(tokens(one.payee))}
    if payees:
        return Subject(said, payee=payees.pop() if len(payees) == 1 else None, words=wanted)
    if any(wanted <= _described(one) for one in payments):
        return Subject(said, words=wanted)
    return None


def _singular(words: Iterable[str]) -> frozenset[str]:
    """The words less a plural's s: a stemmer would take a booking for a book."""
    return frozenset(word[:-1] if len(word) > 3 and word[-1] == "s" else word for word in words)


def _described(payment: Payment) -> frozenset[str]:
    return _singular(tokens(f"{payment.payee} {payment.purpose} {payment.category}"))
