"""The ledger's rows. A payment that several statements show counts once.

Every statement keeps its own rows, so that removing one takes nothing from another. Copies meet
when they are read: by the bank's number, or without one by day, amount, payee and purpose, as
often as the statement that shows the payment most often has it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Select, Subquery, case, func, literal, select
from sqlalchemy.orm import Session

from hearth.core.errors import NotFound
from hearth.store.pod.tables import AccountRow, DocumentRow, TransactionRow


@dataclass(frozen=True)
class NewPayment:
    """A payment about to be stored; negative is money out."""

    account: str
    line: int
    booked: date
    minor_units: int
    currency: str
    payee: str
    purpose: str
    category: str
    bank_id: str | None


@dataclass(frozen=True)
class Payment:
    """A payment with the file it came from."""

    id: int
    booked: date
    minor_units: int
    currency: str
    payee: str
    purpose: str
    category: str
    file: str
    line: int


def add(session: Session, document: int, payments: Iterable[NewPayment]) -> None:
    """Enter a statement's payments; accounts that are new are made."""
    accounts: dict[str, int] = {}
    for payment in payments:
        if payment.account not in accounts:
            accounts[payment.account] = _account(session, payment.account, payment.currency)
        fields = {**vars(payment), "account": accounts[payment.account]}
        session.add(TransactionRow(document=document, **fields))
    session.flush()


def counted(session: Session, document: int) -> int:
    """How many of a document's rows count, the others being copies of other documents' rows."""
    kept = _kept()
    query = (
        select(func.count()).select_from(TransactionRow).join(kept, TransactionRow.id == kept.c.id)
    )
    return session.scalar(query.where(TransactionRow.document == document)) or 0


def size(session: Session) -> int:
    """How many payments there are."""
    return session.scalar(select(func.count()).select_from(_kept())) or 0


def payments(
    session: Session, first: date | None = None, until: date | None = None
) -> Sequence[Payment]:
    """The payments from `first` to before `until`, newest first."""
    row = TransactionRow
    query = _select().order_by(row.booked.desc(), row.id)
    if first is not None:
        query = query.where(row.booked >= first)
    if until is not None:
        query = query.where(row.booked < until)
    kept = _kept()
    return [Payment(*found) for found in session.execute(query.join(kept, row.id == kept.c.id))]


def span(session: Session) -> tuple[date, date] | None:
    """The first and the last day with a payment."""
    query = select(func.min(TransactionRow.booked), func.max(TransactionRow.booked))
    first, last = session.execute(query).one()
    return None if first is None else (first, last)


def opened(session: Session, payment: int) -> tuple[Payment, str]:
    """One payment and the text of its file; NotFound when it is gone."""
    query = _select(DocumentRow.text).where(TransactionRow.id == payment)
    found = session.execute(query).one_or_none()
    if found is None:
        raise NotFound("there is no such payment; its statement may have been removed")
    return Payment(*found[:-1]), found[-1] or ""


def _account(session: Session, name: str, currency: str) -> int:
    known = session.scalar(select(AccountRow.id).where(AccountRow.name == name))
    if known is not None:
        return known
    row = AccountRow(name=name, currency=currency)
    session.add(row)
    session.flush()
    return row.id


def _select(*more: Any) -> Select[Any]:
    row = TransactionRow
    fields = (row.id, row.booked, row.minor_units, row.currency, row.payee, row.purpose)
    query = select(*fields, row.category, DocumentRow.path, row.line, *more)
    return query.join(DocumentRow, DocumentRow.id == row.document)


def _kept() -> Subquery:
    """The ids that count: of copies in several documents, the one that was entered first."""
    row = TransactionRow
    same: list[Any] = [
        row.account,
        *(
            case((row.bank_id.is_(None), column), else_=literal(None))
            for column in (row.booked, row.minor_units, row.payee, row.purpose)
        ),
        row.bank_id,
    ]
    nth = func.row_number().over(partition_by=[row.document, *same], order_by=row.line)
    numbered = select(row.id, nth.label("nth"), *(c.label(f"k{n}") for n, c in enumerate(same)))
    inner = numbered.subquery()
    keys = [inner.c.nth, *(inner.c[f"k{n}"] for n in range(len(same)))]
    return select(func.min(inner.c.id).label("id")).group_by(*keys).subquery()
