"""Turns: on disk before they are acknowledged, answered once, taken up again after a crash."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from prometheus_client import REGISTRY

from hearth.core.api import TurnRequest, TurnState
from hearth.core.drafts import Draft, Evidence
from hearth.core.errors import Conflict, NotFound, Unavailable
from hearth.core.people import ALL_RIGHTS, Caller, Member, Role
from hearth.core.tools import ToolResult
from hearth.core.turns import DoneEvent, ErrorEvent, Proposal, StartEvent, ToolCall, Turn
from hearth.pod.runner import ATTEMPTS, TurnRunner
from hearth.pod.talks import Conversations
from hearth.store.database import Database
from hearth.store.migrate import migrate
from hearth.store.pod import conversations

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)


def caller(name: str) -> Caller:
    member = Member(id=name, name=name.title(), role=Role.ADULT)
    return Caller(member=member, pod="family", rights=ALL_RIGHTS)


ANNA, JONAS = caller("anna"), caller("jonas")


class Echo:
    """Answers with the question, or fails, or waits to be let go."""

    def __init__(self, *, error: Exception | None = None, gate: asyncio.Event | None = None):
        self.error = error
        self.gate = gate
        self.histories: list[list[str]] = []

    async def run(self, turn: Turn, caller: Caller) -> AsyncIterator[Draft]:
        self.histories.append([message.text for message in turn.history])
        if self.gate:
            await self.gate.wait()
        if self.error:
            raise self.error
        change = Proposal(id=secrets.token_hex(16), writer="w", sentence="Do it.", change={})
        result = ToolResult(answer=f"You said {turn.text}", verbatim=True, proposals=(change,))
        yield Evidence(ToolCall(tool="echo"), result)


@pytest.fixture
def database(tmp_path: Path) -> Database:
    migrate(tmp_path / "pod.sqlite3", "pod")
    return Database(tmp_path / "pod.sqlite3")


def runner(database: Database, agent: Echo) -> TurnRunner:
    return TurnRunner(database, agent, places="documents", clock=lambda: NOW)


def request(text: str, conversation: str | None = None) -> TurnRequest:
    return TurnRequest(id=secrets.token_hex(16), conversation=conversation, text=text)


async def ended(run: TurnRunner, turn: str, who: Caller = ANNA) -> TurnState:
    async for _ in run.events(turn, who, 0):
        pass
    return await run.state(turn, who)


def test_a_turn_runs_to_its_answer_and_the_conversation_keeps_it(database: Database) -> None:
    async def story() -> None:
        agent = Echo()
        run = runner(database, agent)
        first = await run.accept(request("hello"), ANNA)
        events = [event async for _, event in run.events(first.turn, ANNA, 0)]
        assert isinstance(events[0], StartEvent)
        assert isinstance(events[-1], DoneEvent)
        assert events[-1].message.text == "You said hello"
        assert REGISTRY.get_sample_value("hearth_pod_turns_total", {"outcome": "done"})
        second = await run.accept(request("again", first.conversation), ANNA)
        assert (await ended(run, second.turn)).state == "done"
        assert agent.histories == [[], ["hello", "You said hello"]]
        talk = Conversations(database, run).get(first.conversation, ANNA)
        texts = [message.text for message in talk.messages]
        assert texts == ["hello", "You said hello", "again", "You said again"]

    asyncio.run(story())


def test_the_same_message_twice_is_one_turn(database: Database) -> None:
    async def story() -> None:
        run = runner(database, Echo())
        message = request("hello")
        first = await run.accept(message, ANNA)
        assert await run.accept(message, ANNA) == first
        await ended(run, first.turn)
        assert await run.accept(message, ANNA) == first
        with pytest.raises(Conflict):
            await run.accept(message.model_copy(update={"text": "other"}), ANNA)

    asyncio.run(story())


def test_another_member_cannot_see_follow_or_continue_a_conversation(database: Database) -> None:
    async def story() -> None:
        run = runner(database, Echo())
        talks = Conversations(database, run)
        mine = await run.accept(request("private"), ANNA)
        await ended(run, mine.turn)
        with pytest.raises(NotFound):
            await run.state(mine.turn, JONAS)
        with pytest.raises(NotFound):
            [event async for event in run.events(mine.turn, JONAS, 0)]
        with pytest.raises(NotFound):
            await run.accept(request("me too", mine.conversation), JONAS)
        with pytest.raises(NotFound):
            talks.get(mine.conversation, JONAS)
        assert talks.list(JONAS) == []

    asyncio.run(story())


def test_what_a_killed_pod_left_open_is_answered_at_the_next_start(database: Database) -> None:
    async def story() -> None:
        stuck = runner(database, Echo(gate=asyncio.Event()))
        accepted = await stuck.accept(request("hello"), ANNA)
        await asyncio.sleep(0.05)
        await stuck.stop()
        fresh = runner(database, Echo())
        assert (await fresh.state(accepted.turn, ANNA)).state == "running"
        await fresh.resume()
        state = await ended(fresh, accepted.turn)
        assert state.state == "done"
        assert state.message is not None
        assert state.message.text == "You said hello"

    asyncio.run(story())


def test_a_turn_that_keeps_killing_the_pod_fails_in_words(database: Database) -> None:
    async def story() -> None:
        accepted = await runner(database, Echo(gate=asyncio.Event())).accept(request("x"), ANNA)
        with database.write() as session:
            for _ in range(ATTEMPTS):
                conversations.begin(session, accepted.turn)
        fresh = runner(database, Echo())
        await fresh.resume()
        state = await ended(fresh, accepted.turn)
        assert state.state == "failed"
        assert state.message is not None
        assert "ask again" in state.message.text

    asyncio.run(story())


@pytest.mark.parametrize(
    ("error", "code"),
    [(Unavailable("the model is away"), "unavailable"), (RuntimeError("a bug"), "error")],
)
def test_a_failing_turn_says_so_and_stays(database: Database, error: Exception, code: str) -> None:
    async def story() -> None:
        run = runner(database, Echo(error=error))
        accepted = await run.accept(request("hello"), ANNA)
        events = [event async for _, event in run.events(accepted.turn, ANNA, 0)]
        assert isinstance(events[-1], ErrorEvent)
        assert events[-1].code == code
        assert (await run.state(accepted.turn, ANNA)).state == "failed"
        late = [event async for _, event in run.events(accepted.turn, ANNA, 7)]
        assert isinstance(late[-1], ErrorEvent)

    asyncio.run(story())


def test_what_was_away_for_a_moment_is_tried_once_more(database: Database) -> None:
    class Away(Echo):
        async def run(self, turn: Turn, caller: Caller) -> AsyncIterator[Draft]:
            if len(self.histories) == 1:
                self.error = None
            async for draft in super().run(turn, caller):
                yield draft

    async def story() -> None:
        run = runner(database, Away(error=Unavailable("the model is away")))
        accepted = await run.accept(request("hello"), ANNA)
        events = [event async for _, event in run.events(accepted.turn, ANNA, 0)]
        attempts = [event.attempt for event in events if isinstance(event, StartEvent)]
        assert attempts == [1, 2]
        assert isinstance(events[-1], DoneEvent)

    asyncio.run(story())


def test_a_second_attempt_reaches_a_reader_of_the_first(database: Database) -> None:
    async def story() -> None:
        first = runner(database, Echo(gate=asyncio.Event()))
        accepted = await first.accept(request("hello"), ANNA)
        numbers = []

        async def watch() -> None:
            async for number, _ in first.events(accepted.turn, ANNA, 0):
                numbers.append(number)

        watcher = asyncio.create_task(watch())
        await asyncio.sleep(0.05)
        await first.stop()
        await watcher
        fresh = runner(database, Echo())
        await fresh.resume()
        later = [event async for _, event in fresh.events(accepted.turn, ANNA, max(numbers))]
        assert isinstance(later[0], StartEvent)
        assert later[0].attempt == 2
        assert isinstance(later[-1], DoneEvent)

    asyncio.run(story())
