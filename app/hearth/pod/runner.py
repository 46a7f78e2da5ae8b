"""Runs accepted turns, once each, through crashes and restarts, and lets readers follow them."""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections.abc import AsyncIterator, Callable
from datetime import datetime

from hearth.core.api import TurnAccepted, TurnRequest, TurnState
from hearth.core.drafts import Agent
from hearth.core.errors import Busy, HearthError, Unavailable
from hearth.core.people import Caller
from hearth.core.turns import (
    CitationEvent,
    DoneEvent,
    ErrorEvent,
    Message,
    Proposal,
    ProposalEvent,
    StartEvent,
    Timings,
    TokenEvent,
    Turn,
    TurnEvent,
)
from hearth.pod import metrics, turns
from hearth.pod.meter import Meter, measure
from hearth.pod.watching import Feed
from hearth.store.database import Database
from hearth.store.pod import actions, conversations
from hearth.store.pod.tables import TurnRow

log = logging.getLogger(__name__)

ATTEMPTS = 2  # a turn that has killed the pod twice must not do it a third time
HISTORY_TURNS = 3
WAITING_AT_MOST = 100
INTERRUPTED = "This was interrupted before it was answered. Please ask again."
FAULT = "Something in Hearth failed while answering. Your question is kept; please ask again."


class TurnRunner:
    """The pod's turns: written down first, then run a few at a time in the background."""

    def __init__(
        self,
        database: Database,
        agent: Agent,
        *,
        places: str,
        clock: Callable[[], datetime],
        at_once: int = 4,
    ) -> None:
        self._database = database
        self._agent = agent
        self._places = places
        self._clock = clock
        self._slots = asyncio.Semaphore(at_once)
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._feeds: dict[str, Feed] = {}
        self._conversation_locks: dict[str, asyncio.Lock] = {}

    async def resume(self) -> None:
        """Take up every turn that was accepted and has no answer."""
        for row in await asyncio.to_thread(self._unfinished):
            self._start(row)

    async def stop(self) -> None:
        """Let go of what is running; it is taken up again at the next start."""
        tasks = list(self._tasks.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def accept(self, request: TurnRequest, caller: Caller) -> TurnAccepted:
        """Write the message down, start its turn, and only then acknowledge it."""
        if len(self._tasks) >= WAITING_AT_MOST:
            raise Busy("this pod has too much to answer", remedy="Wait a moment.", retry_after=5)
        row = await asyncio.to_thread(self._accept, request, caller)
        if row.state in {"accepted", "running"} and row.id not in self._tasks:
            self._start(row)
        return TurnAccepted(turn=row.id, conversation=row.conversation)

    async def state(self, turn: str, caller: Caller) -> TurnState:
        """Where the caller's turn stands."""
        return await asyncio.to_thread(self._state, turn, caller)

    async def events(
        self, turn: str, caller: Caller, after: int
    ) -> AsyncIterator[tuple[int, TurnEvent]]:
        """The turn's events after number `after`; ends once the turn has."""
        await asyncio.to_thread(self._state, turn, caller)
        feed = self._feeds.get(turn)
        if feed is not None:
            async for numbered in feed.follow(after):
                yield numbered
            return
        state = await asyncio.to_thread(self._state, turn, caller)
        if state.message is not None:
            for numbered in _replay(state.message, after):
                yield numbered

    def running(self, conversation: str) -> str | None:
        """The turn of this conversation that is being answered."""
        return next(
            (turn for turn, feed in self._feeds.items() if feed.conversation == conversation), None
        )

    def _accept(self, request: TurnRequest, caller: Caller) -> TurnRow:
        with self._database.write() as session:
            return conversations.accept(
                session, request, caller, secrets.token_hex(16), self._clock()
            )

    def _unfinished(self) -> list[TurnRow]:
        with self._database.read() as session:
            return conversations.unfinished(session)

    def _state(self, turn: str, caller: Caller) -> TurnState:
        with self._database.read() as session:
            row = conversations.own_turn(session, turn, caller)
            message = Message.model_validate(row.answer) if row.answer else None
            if message is not None:
                message = current(message, actions.of_turns(session, [turn]))
            return TurnState.model_validate(
                {
                    "turn": row.id,
                    "conversation": row.conversation,
                    "state": row.state,
                    "message": message,
                }
            )

    def _start(self, row: TurnRow) -> None:
        self._feeds[row.id] = Feed(row.conversation)
        metrics.began()
        task = asyncio.create_task(self._run(row), name=f"turn {row.id}")
        self._tasks[row.id] = task
        task.add_done_callback(lambda _: self._ended(row.id))

    def _ended(self, turn: str) -> None:
        self._tasks.pop(turn, None)
        metrics.ended()
        if feed := self._feeds.pop(turn, None):
            feed.close()

    async def _run(self, row: TurnRow) -> None:
        lock = self._conversation_locks.setdefault(row.conversation, asyncio.Lock())
        async with lock, self._slots:  # a conversation's turns build on each other: one by one
            try:
                while not await self._attempt(row):
                    log.info("a turn is tried again", extra={"turn": row.id})
            except HearthError as error:
                await self._fail(row, error.code, str(error), retryable=error.retryable)
            except Exception:
                log.exception("a turn failed", extra={"turn": row.id})
                await self._fail(row, "error", FAULT, retryable=True)
        if not lock.locked():
            self._conversation_locks.pop(row.conversation, None)

    async def _attempt(self, row: TurnRow) -> bool:
        """Try to answer; false when something was away and another try may find it back."""
        meter = Meter()
        measure(meter)
        turn, attempt = await asyncio.to_thread(self._begin, row)
        feed = self._feeds[row.id]
        feed.begin(attempt)
        if attempt > ATTEMPTS:
            await self._fail(row, "interrupted", INTERRUPTED, retryable=True)
            return True
        feed.add(StartEvent(attempt=attempt))
        try:
            await self._answer(row, turn, feed, meter)
        except Unavailable:
            if attempt == ATTEMPTS:
                raise
            return False
        log.info("turn", extra={"turn": row.id, "timings": meter.timings().model_dump()})
        return True

    async def _answer(self, row: TurnRow, turn: Turn, feed: Feed, meter: Meter) -> None:
        caller = Caller.model_validate(row.caller)
        async for event in turns.answer(turn, caller, self._agent, self._places, meter):
            if isinstance(event, ErrorEvent):
                await self._fail(row, event.code, event.message, retryable=event.retryable)
                return
            if isinstance(event, DoneEvent):
                await asyncio.to_thread(self._finish, row, event.message)
                timings = meter.timings()
                metrics.answered(timings)
                feed.add(event.model_copy(update={"timings": timings}))
            else:
                feed.add(event)

    def _begin(self, row: TurnRow) -> tuple[Turn, int]:
        with self._database.write() as session:
            attempt = conversations.begin(session, row.id)
            earlier = conversations.before(session, row, HISTORY_TURNS)
            history = [message for turn in earlier for message in messages(turn)]
        now = self._clock()
        turn = Turn(
            id=row.id,
            conversation=row.conversation,
            text=row.text,
            now=now,
            history=tuple(history),
        )
        return turn, attempt

    def _finish(self, row: TurnRow, message: Message) -> None:
        now = self._clock()
        caller = Caller.model_validate(row.caller)
        with self._database.write() as session:
            actions.propose(session, row.id, caller, message.proposals, now)
            conversations.finish(session, row.id, message, now)

    async def _fail(self, row: TurnRow, code: str, text: str, *, retryable: bool) -> None:
        message = turns.failure(row.id, text, self._clock())
        await asyncio.to_thread(self._finish, row, message)
        metrics.failed(code)
        self._feeds[row.id].add(ErrorEvent(code=code, message=text, retryable=retryable))


def messages(row: TurnRow) -> list[Message]:
    """A turn as the one or two messages that it shows."""
    asked = Message(id=row.id, role="member", text=row.text, at=row.at, turn=row.id)
    return [asked, Message.model_validate(row.answer)] if row.answer else [asked]


def current(message: Message, proposals: dict[str, Proposal]) -> Message:
    """The message with its proposals as they stand now."""
    updated = tuple(proposals.get(proposal.id, proposal) for proposal in message.proposals)
    return message.model_copy(update={"proposals": updated})


def _replay(message: Message, after: int) -> list[tuple[int, TurnEvent]]:
    """An ended turn as the events that a late reader needs."""
    if message.failed:
        events: list[TurnEvent] = [
            StartEvent(),
            ErrorEvent(code="failed", message=message.text, retryable=True),
        ]
    else:
        events = [
            StartEvent(),
            TokenEvent(text=message.text),
            *(CitationEvent(citation=citation) for citation in message.citations),
            *(ProposalEvent(proposal=proposal) for proposal in message.proposals),
            DoneEvent(message=message, timings=Timings()),
        ]
    # A reader cut off before the end gets the whole answer again under numbers it has not seen.
    return list(enumerate(events, after + 1))
