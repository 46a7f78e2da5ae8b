"""A payment opened in its statement, its line marked."""

from __future__ import annotations

from hearth.core.api import SourceLine, SourceView
from hearth.core.errors import NotFound
from hearth.store.database import Database
from hearth.store.pod import ledger
from hearth.tools.ledger.table import heading_line

_AROUND = 4  # lines shown before and after


class Opener:
    """Opens `transaction:ID`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def open(self, key: str) -> SourceView:
        """The statement around the payment with this id; NotFound when it is gone."""
        if not (key.isascii() and key.isdigit() and len(key) < 19):
            raise NotFound("there is no such payment")
        with self._database.read() as session:
            payment, text = ledger.opened(session, int(key))
        return SourceView(
            ref=f"transaction:{payment.id}",
            kind="transaction",
            title=payment.payee,
            source=payment.file,
            locator=f"line {payment.line}",
            lines=_lines(text, payment.line),
        )


def _lines(text: str, cited: int) -> tuple[SourceLine, ...]:
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    near = range(max(1, cited - _AROUND), min(len(lines), cited + _AROUND) + 1)
    numbers = sorted({heading_line(text), *near})
    return tuple(
        SourceLine(number=number, text=lines[number - 1], cited=number == cited)
        for number in numbers
        if 1 <= number <= len(lines)
    )
