"""Bank statements in CSV become the ledger."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy.orm import Session

from hearth.store.pod import ledger
from hearth.store.pod.ledger import NewPayment
from hearth.tools.ledger import statement, table


class LedgerImporter:
    """Reads the CSV exports of banks, each in its own habits.

    A positive amount is money in, as banks have it; what cannot be told for certain is refused.
    """

    kind = "ledger"
    suffixes = frozenset({".csv"})

    def __init__(self, currency: str) -> None:
        self._currency = currency  # where a file names none

    def read(self, data: bytes, name: str) -> Sequence[NewPayment]:
        """The payments of a statement; BadInput names the line and the remedy."""
        return statement.read(table.read(table.decode(data, name), name), name, self._currency)

    def store(self, session: Session, document: int, parsed: Sequence[NewPayment]) -> str:
        """Enter the payments; those that another statement has already are counted once."""
        ledger.add(session, document, parsed)
        words = f"{len(parsed):,} payment{'' if len(parsed) == 1 else 's'}"
        if all(payment.minor_units > 0 for payment in parsed):
            words += ", all money in"
        known = len(parsed) - ledger.counted(session, document)
        return f"{words}, {known:,} of them in another statement too" if known else words

    def text(self, data: bytes, parsed: Sequence[NewPayment]) -> str:
        """The decoded file."""
        return table.decode(data, "the statement")
