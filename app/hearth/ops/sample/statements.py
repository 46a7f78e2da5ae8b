"""The two banks' CSV exports, each in its bank's own habits."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from datetime import date, timedelta

from hearth.ops.sample.shapes import Transaction

NORDBANK_IBAN = "DE28 9999 0000 0012 3456 78"
MERIDIAN_OPENING = 184_250  # cents on the card before the first row
_NORDBANK_COLUMNS = (
    "Buchungstag",
    "Valuta",
    "Auftraggeber/Empfänger",
    "Verwendungszweck",
    "Betrag",
    "Währung",
    "Referenz",
)
_MERIDIAN_COLUMNS = (
    "Date",
    "Description",
    "Counterparty",
    "Category",
    "Debit",
    "Credit",
    "Balance",
    "ID",
)


def nordbank(payments: Sequence[Transaction], first: date, last: date) -> bytes:
    """The giro account: cp1252, semicolons, four lines of heading, newest first."""
    out = io.StringIO(newline="")
    rows = csv.writer(out, delimiter=";", lineterminator="\r\n")
    rows.writerow(["Kontoinhaber", "Anna und Jonas Sommer"])
    rows.writerow(["IBAN", NORDBANK_IBAN])
    rows.writerow(["Zeitraum", f"{first:%d.%m.%Y} - {last:%d.%m.%Y}"])
    rows.writerow([])
    rows.writerow(_NORDBANK_COLUMNS)
    for payment in reversed(payments):
        value_day = payment.booked + timedelta(days=payment.booked.day % 2)
        rows.writerow(
            [
                f"{payment.booked:%d.%m.%Y}",
                f"{value_day:%d.%m.%Y}",
                payment.payee,
                payment.purpose,
                german(payment.minor_units),
                "EUR",
                payment.reference,
            ]
        )
    return out.getvalue().encode("cp1252")


def meridian(payments: Sequence[Transaction]) -> bytes:
    """The card: UTF-8 with a byte order mark, commas, a running balance, oldest first."""
    out = io.StringIO(newline="")
    rows = csv.writer(out, lineterminator="\n")
    rows.writerow(_MERIDIAN_COLUMNS)
    balance = MERIDIAN_OPENING
    for payment in payments:
        balance += payment.minor_units
        money = english(abs(payment.minor_units))
        rows.writerow(
            [
                payment.booked.isoformat(),
                payment.purpose,
                payment.payee,
                payment.category.capitalize(),
                money if payment.minor_units < 0 else "",
                money if payment.minor_units > 0 else "",
                english(balance),
                payment.reference,
            ]
        )
    return out.getvalue().encode("utf-8-sig")


def german(minor_units: int) -> str:
    """Cents as "-1.180,00"."""
    return english(minor_units).translate(str.maketrans(",.", ".,"))


def english(minor_units: int) -> str:
    """Cents as "-1,180.00"."""
    sign = "-" if minor_units < 0 else ""
    return f"{sign}{abs(minor_units) // 100:,}.{abs(minor_units) % 100:02d}"
