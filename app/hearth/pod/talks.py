"""A member's own conversations, as they are shown."""

from __future__ import annotations

from hearth.core.api import Conversation, ConversationSummary
from hearth.core.people import Caller
from hearth.pod.runner import TurnRunner, current, messages
from hearth.store.database import Database
from hearth.store.pod import actions, conversations


class Conversations:
    """Lists, opens and forgets conversations."""

    def __init__(self, database: Database, runner: TurnRunner) -> None:
        self._database = database
        self._runner = runner

    def list(self, caller: Caller) -> list[ConversationSummary]:
        """The caller's own, newest first."""
        with self._database.read() as session:
            return [
                ConversationSummary(id=row.id, title=row.title, updated=row.updated)
                for row in conversations.of_member(session, caller)
            ]

    def get(self, conversation: str, caller: Caller) -> Conversation:
        """One of the caller's own, whole."""
        with self._database.read() as session:
            row = conversations.own(session, conversation, caller)
            turns = conversations.turns(session, conversation)
            proposals = actions.of_turns(session, [turn.id for turn in turns])
        said = [current(message, proposals) for turn in turns for message in messages(turn)]
        return Conversation(
            id=row.id,
            title=row.title,
            messages=tuple(said),
            running=self._runner.running(conversation),
        )

    def forget(self, conversation: str, caller: Caller) -> None:
        """Delete one of the caller's own with everything said in it."""
        with self._database.write() as session:
            conversations.forget(session, conversations.own(session, conversation, caller))
