"""Conversations and turns: a message is on disk before it is acknowledged."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from hearth.core.api import TurnRequest
from hearth.core.errors import Conflict, NotFound
from hearth.core.people import Caller
from hearth.core.turns import Message
from hearth.store.pod.tables import ConversationRow, TurnRow

_TITLE_CHARACTERS = 60


def accept(
    session: Session, request: TurnRequest, caller: Caller, conversation: str, now: datetime
) -> TurnRow:
    """Write a member's message and its turn; the same id again is the turn that it already is.

    `conversation` is the id for a new conversation, used when the request names none.
    """
    existing = session.get(TurnRow, request.id)
    if existing is not None:
        return _same(session, existing, request, caller)
    row = _conversation_for(session, request, caller, conversation, now)
    last = session.scalar(select(func.max(TurnRow.ordinal)).where(TurnRow.conversation == row.id))
    turn = TurnRow(
        id=request.id,
        conversation=row.id,
        ordinal=(last or 0) + 1,
        caller=caller.model_dump(mode="json"),
        text=request.text,
        at=now,
        state="accepted",
        attempts=0,
    )
    session.add(turn)
    return turn


def _same(session: Session, turn: TurnRow, request: TurnRequest, caller: Caller) -> TurnRow:
    own(session, turn.conversation, caller)
    if turn.text != request.text:
        raise Conflict(
            "another message was sent under this id",
            remedy="Use a fresh random id for each message.",
        )
    return turn


def _conversation_for(
    session: Session, request: TurnRequest, caller: Caller, new: str, now: datetime
) -> ConversationRow:
    if request.conversation is not None:
        row = own(session, request.conversation, caller)
        row.updated = now
        return row
    line = " ".join(request.text.split())
    title = line if len(line) <= _TITLE_CHARACTERS else f"{line[: _TITLE_CHARACTERS - 1]}…"
    row = ConversationRow(id=new, member=caller.member.id, title=title, created=now, updated=now)
    session.add(row)
    session.flush()
    return row


def own(session: Session, conversation: str, caller: Caller) -> ConversationRow:
    """The caller's own conversation; another member's is as unknown as none at all."""
    row = session.get(ConversationRow, conversation)
    if row is None or row.member != caller.member.id:
        raise NotFound("there is no such conversation", remedy="Start a new one.")
    return row


def own_turn(session: Session, turn: str, caller: Caller) -> TurnRow:
    """The caller's own turn."""
    row = session.get(TurnRow, turn)
    if row is None:
        raise NotFound("there is no such turn")
    own(session, row.conversation, caller)
    return row


def of_member(session: Session, caller: Caller, limit: int = 200) -> list[ConversationRow]:
    """The caller's own conversations, newest first."""
    query = (
        select(ConversationRow)
        .where(ConversationRow.member == caller.member.id)
        .order_by(ConversationRow.updated.desc())
        .limit(limit)
    )
    return list(session.scalars(query))


def turns(session: Session, conversation: str) -> list[TurnRow]:
    """A conversation's turns, oldest first."""
    query = select(TurnRow).where(TurnRow.conversation == conversation).order_by(TurnRow.ordinal)
    return list(session.scalars(query))


def before(session: Session, turn: TurnRow, limit: int) -> list[TurnRow]:
    """The `limit` turns before this one, oldest first."""
    query = (
        select(TurnRow)
        .where(TurnRow.conversation == turn.conversation, TurnRow.ordinal < turn.ordinal)
        .order_by(TurnRow.ordinal.desc())
        .limit(limit)
    )
    return list(session.scalars(query))[::-1]


def unfinished(session: Session) -> list[TurnRow]:
    """Turns that were accepted and have no answer yet, oldest first."""
    query = select(TurnRow).where(TurnRow.state.in_(("accepted", "running"))).order_by(TurnRow.at)
    return list(session.scalars(query))


def begin(session: Session, turn: str) -> int:
    """Note that an attempt at the turn begins; its number, from 1."""
    row = session.get_one(TurnRow, turn)
    row.state = "running"
    row.attempts += 1
    return row.attempts


def finish(session: Session, turn: str, message: Message, now: datetime) -> None:
    """Write the turn's answer, or the message of why there is none."""
    session.execute(
        update(TurnRow)
        .where(TurnRow.id == turn)
        .values(
            state="failed" if message.failed else "done",
            answer=message.model_dump(mode="json"),
            answered=now,
        )
    )


def forget(session: Session, row: ConversationRow) -> None:
    """Delete a conversation with its turns."""
    session.delete(row)
