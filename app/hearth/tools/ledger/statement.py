"""A statement's rows as payments, with amounts and dates beyond doubt."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date
from pathlib import PurePath
from typing import NoReturn

from hearth.core.errors import BadInput
from hearth.store.pod.ledger import NewPayment
from hearth.tools.ledger import categories, columns, dates, money
from hearth.tools.ledger.table import Row, Table

_COPY = re.compile(r"([ _-]*(\(\d+\)|\d[\d._-]*))+$")
_EXPORT_AGAIN = "Export the statement from the bank again and add that file."
_UNDOUBTED = "Export it with dates like 2026-10-03 and amounts like -1234.50."


class Statement:
    """Reads one table; BadInput names the line that cannot be read."""

    def __init__(self, table: Table, name: str, currency: str) -> None:
        self._at = table.columns.at
        self._rows = table.rows
        self._ended = table.ended
        self._name = name
        said = {
            role: row.cells[1].strip()
            for row in table.above
            if len(row.cells) > 1 and (role := columns.heading(row.cells[0]))
        }
        self._account = said.get("account") or _stem(name)
        self._holder = said.get("holder", "")
        self._currency = table.columns.currency or said.get("currency") or currency
        self._days_lead, self._sign = self._order(), self._decimal_sign()
        self._ids = self._unique("id")

    def payments(self) -> list[NewPayment]:
        """Every row, in the file's order."""
        found = [self._payment(row) for row in self._rows]
        if not self._ended:
            self._check_last()
        return found

    def _payment(self, row: Row) -> NewPayment:
        currency = (self._cell(row, "currency") or self._currency).upper()
        if not re.fullmatch(r"[A-Z]{3}", currency):
            self._refuse(row, f"“{currency}” is not a currency")
        purpose = self._cell(row, "purpose")
        payee = self._cell(row, "payee") or purpose
        units = self._units(row, currency)
        return NewPayment(
            account=_account(self._cell(row, "account") or self._account),
            line=row.line,
            booked=self._booked(row),
            minor_units=units,
            currency=currency,
            payee=payee,
            purpose=purpose,
            category=categories.of_payment(
                payee, purpose, self._cell(row, "category"), self._holder, received=units > 0
            ),
            bank_id=self._cell(row, "id") or None if self._ids else None,
        )

    def _cell(self, row: Row, role: str) -> str:
        index = self._at.get(role)
        return "" if index is None else " ".join(row.cells[index].split())

    def _booked(self, row: Row) -> date:
        text = self._cell(row, "date")
        try:
            return dates.parse(text, days_lead=self._days_lead)
        except ValueError:
            self._refuse(row, f"“{text}” is not a date")

    def _units(self, row: Row, currency: str) -> int:
        try:
            if "amount" in self._at:
                units = money.minor_units(self._cell(row, "amount"), self._sign, currency)
                return self._signed(row, units)
            return self._of_sides(row, currency)
        except money.BadAmount as error:
            self._refuse(row, str(error))

    def _signed(self, row: Row, units: int) -> int:
        if "side" not in self._at:
            return units
        side = columns.side(self._cell(row, "side"))
        if side is None:
            self._refuse(row, f"“{self._cell(row, 'side')}” is neither debit nor credit")
        return side * abs(units)

    def _of_sides(self, row: Row, currency: str) -> int:
        sides = {"debit": -1, "credit": 1}
        said = {role: cell for role in sides if (cell := self._cell(row, role))}
        units = [
            sign * abs(money.minor_units(said[role], self._sign, currency))
            for role, sign in sides.items()
            if role in said
        ]
        booked = [one for one in units if one] or units[:1]
        if len(booked) != 1:
            self._refuse(row, "there must be an amount either under debit or under credit")
        return booked[0]

    def _amounts(self, row: Row) -> list[str]:
        cells = [self._cell(row, role) for role in ("amount", "debit", "credit")]
        return [cell for cell in cells if cell]

    def _order(self) -> bool:
        try:
            return dates.day_first(self._cell(row, "date") for row in self._rows)
        except dates.DoubtfulOrder as error:
            self._refuse(self._rows[0], str(error), _UNDOUBTED)

    def _decimal_sign(self) -> str:
        try:
            return money.decimal_sign(cell for row in self._rows for cell in self._amounts(row))
        except money.NoDecimalSign as error:
            self._refuse(self._rows[0], str(error), _UNDOUBTED)

    def _unique(self, role: str) -> bool:
        """Whether a column numbers the payments; a member's own reference may repeat."""
        values = [self._cell(row, role) for row in self._rows]
        return all(values) and len(set(values)) == len(values)

    def _check_last(self) -> None:
        """In a line without its end, an amount or number shorter than all others was cut off."""
        *others, last = self._rows
        printed = {
            money.decimals(cell, self._sign) for row in others for cell in self._amounts(row)
        }
        here = {money.decimals(cell, self._sign) for cell in self._amounts(last)}
        short = len(printed) == 1 and min(here, default=0) < min(printed)
        ids = {len(self._cell(row, "id")) for row in others}
        if short or (len(ids) == 1 and len(self._cell(last, "id")) < min(ids)):
            self._refuse(last, "the last line is torn")

    def _refuse(self, row: Row, message: str, remedy: str = _EXPORT_AGAIN) -> NoReturn:
        raise BadInput(message, where=f"{self._name}, line {row.line}", remedy=remedy)


def _stem(name: str) -> str:
    """An account's name from its file's: "card-2026-10 (1).csv" is of the account "card"."""
    stem = PurePath(name).stem
    return _COPY.sub("", stem) or stem


def _account(name: str) -> str:
    return name[:120]


def read(table: Table, name: str, currency: str) -> Sequence[NewPayment]:
    """The payments of a statement. Raises BadInput."""
    return Statement(table, name, currency).payments()
