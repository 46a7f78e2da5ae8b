"""Proposed changes and what became of them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from hearth.core.api import Action
from hearth.core.errors import NotFound
from hearth.core.people import Caller
from hearth.core.turns import Proposal, ProposalState
from hearth.store.pod.tables import ActionRow


def propose(
    session: Session, turn: str, caller: Caller, proposals: Iterable[Proposal], now: datetime
) -> None:
    """Write a turn's proposals; those of an earlier, interrupted attempt go."""
    session.execute(
        delete(ActionRow).where(
            ActionRow.turn == turn, ActionRow.state == ProposalState.PROPOSED.value
        )
    )
    session.add_all(
        ActionRow(
            id=proposal.id,
            turn=turn,
            member=caller.member.id,
            member_name=caller.member.name,
            writer=proposal.writer,
            sentence=proposal.sentence,
            change=proposal.change,
            state=ProposalState.PROPOSED.value,
            at=now,
        )
        for proposal in proposals
    )


def get(session: Session, action: str, caller: Caller) -> ActionRow:
    """An action that the caller asked for; another member's is as unknown as none at all."""
    row = session.get(ActionRow, action)
    if row is None or row.member != caller.member.id:
        raise NotFound("there is no such proposal")
    return row


def of_member(session: Session, caller: Caller, limit: int = 200) -> list[ActionRow]:
    """What the caller asked for, newest first."""
    query = (
        select(ActionRow)
        .where(ActionRow.member == caller.member.id)
        .order_by(ActionRow.at.desc())
        .limit(limit)
    )
    return list(session.scalars(query))


def of_turns(session: Session, turns: Iterable[str]) -> dict[str, Proposal]:
    """The proposals of these turns as they stand now, by id."""
    query = select(ActionRow).where(ActionRow.turn.in_(list(turns)))
    return {row.id: proposal(row) for row in session.scalars(query)}


def proposal(row: ActionRow) -> Proposal:
    """The row as a proposal."""
    return Proposal(
        id=row.id,
        writer=row.writer,
        sentence=row.sentence,
        change=row.change,
        state=ProposalState(row.state),
    )


def action(row: ActionRow) -> Action:
    """The row as an action."""
    return Action(
        proposal=proposal(row),
        member=row.member_name,
        at=row.at,
        decided_by=row.decided_by,
        decided_at=row.decided,
        undoable=row.state == ProposalState.CONFIRMED.value and row.undo is not None,
    )
