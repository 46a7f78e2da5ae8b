"""Decides proposals: a confirmed one is applied once, a rejected one never; both keep a trace."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

from sqlalchemy.orm import Session

from hearth.core.api import Action
from hearth.core.errors import Conflict
from hearth.core.people import Caller
from hearth.core.turns import ProposalState
from hearth.store.database import Database
from hearth.store.pod import actions
from hearth.store.pod.tables import ActionRow
from hearth.tools.base import Writer


class Actions:
    """The pod's ledger of proposed, confirmed, rejected and undone changes."""

    def __init__(
        self, database: Database, writers: Sequence[Writer], clock: Callable[[], datetime]
    ) -> None:
        self._database = database
        self._writers: Mapping[str, Writer] = {writer.name: writer for writer in writers}
        self._clock = clock

    def list(self, caller: Caller) -> list[Action]:
        """What the caller asked for, newest first."""
        with self._database.read() as session:
            return [actions.action(row) for row in actions.of_member(session, caller)]

    def confirm(self, proposal: str, caller: Caller) -> Action:
        """Apply a proposal; confirming it again changes nothing."""
        return self._decide(proposal, caller, ProposalState.CONFIRMED, self._apply)

    def reject(self, proposal: str, caller: Caller) -> Action:
        """Drop a proposal; rejecting it again changes nothing."""
        return self._decide(proposal, caller, ProposalState.REJECTED, None)

    def undo(self, action: str, caller: Caller) -> Action:
        """Take a confirmed change back; undoing it again changes nothing."""
        with self._database.write() as session:
            row = actions.get(session, action, caller)
            if row.state == ProposalState.CONFIRMED.value:
                self._writer(row).revert(session, row.undo or {})
                self._note(row, ProposalState.UNDONE, caller)
            elif row.state != ProposalState.UNDONE.value:
                raise Conflict(
                    f"this change is {row.state}, so there is nothing to undo",
                    remedy="Only a confirmed change can be undone.",
                )
            return actions.action(row)

    def _decide(
        self,
        proposal: str,
        caller: Caller,
        state: ProposalState,
        effect: Callable[[Session, ActionRow, Caller], None] | None,
    ) -> Action:
        with self._database.write() as session:
            row = actions.get(session, proposal, caller)
            if row.state == state.value:
                return actions.action(row)
            if row.state != ProposalState.PROPOSED.value:
                raise Conflict(
                    f"this proposal is already {row.state}",
                    remedy="Ask again if you want the change after all.",
                )
            if effect is not None:
                effect(session, row, caller)
            self._note(row, state, caller)
            return actions.action(row)

    def _apply(self, session: Session, row: ActionRow, caller: Caller) -> None:
        row.undo = self._writer(row).apply(session, row.change, caller.member.name)

    def _note(self, row: ActionRow, state: ProposalState, caller: Caller) -> None:
        row.state = state.value
        row.decided_by = caller.member.name
        row.decided = self._clock()

    def _writer(self, row: ActionRow) -> Writer:
        if row.writer not in self._writers:
            raise Conflict(
                f"this pod no longer has the tool for {row.writer!r}",
                remedy="Give the pod that tool back in its configuration.",
            )
        return self._writers[row.writer]
