"""How much a pod holds."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from hearth.store.pod import ledger
from hearth.store.pod.tables import CalendarItemRow, DocumentRow


@dataclass(frozen=True)
class Counts:
    """Rows by kind."""

    documents: int
    notes: int
    events: int
    transactions: int


def counts(session: Session) -> Counts:
    """What the pod holds now; files that could not be read do not count."""
    indexed = select(func.count()).select_from(DocumentRow).where(DocumentRow.state == "indexed")
    return Counts(
        documents=session.scalar(indexed.where(DocumentRow.kind != "note")) or 0,
        notes=session.scalar(indexed.where(DocumentRow.kind == "note")) or 0,
        events=session.scalar(select(func.count()).select_from(CalendarItemRow)) or 0,
        transactions=ledger.size(session),
    )
