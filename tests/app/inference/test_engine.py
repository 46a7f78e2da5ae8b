"""The engine under load, under abandonment, and at the edges where llama.cpp would abort."""

from __future__ import annotations

import asyncio
import contextlib
import json
import queue
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from engine_asking import answered, first_piece, question
from model_server import SURE
from model_workers import chat_worker

from hearth.core.errors import BadInput, Busy, Damaged, TooLarge, Unavailable
from hearth.inference.engine.context import Context
from hearth.inference.engine.loop import Engine
from hearth.inference.engine.sequence import Sequence
from hearth.inference.engine.sequences import Sequences
from hearth.inference.engine.spec import ChatSpec
from hearth.inference.engine.streams import Event
from hearth.inference.generation import Done, Generation, Piece, Sampling
from hearth.inference.server import grammar
from hearth.inference.workers.chat import ChatWorker

# A text that no model can end early.
LONG = grammar.of_schema({"type": "string", "minLength": 1_500})


def sure_prompt() -> str:
    turns = [f"<|im_start|>{role}\n{text}<|im_end|>\n" for role, text in SURE]
    return "".join(turns) + "<|im_start|>assistant\n"


def endless(caller: str = "a") -> Generation:
    return question("Write.", caller=caller, max_tokens=1_200, grammar=LONG)


def small_spec(path: Path, **fields: Any) -> ChatSpec:
    return replace(ChatSpec(path, "small", context=2_048, parallel=1, threads=2), **fields)


@pytest.fixture
def small(model_file: Path) -> Iterator[ChatWorker]:
    """An engine with one place, one for a second caller, and one seat to wait in."""
    with chat_worker(small_spec(model_file, waiting=1)) as worker:
        yield worker


def test_a_full_queue_says_when_to_come_back(small: ChatWorker) -> None:
    async def scenario() -> None:
        running = await small.start(endless())
        await first_piece(running)
        waiting = await small.start(question("Hello?"))
        with pytest.raises(Busy) as caught:
            await small.start(question("And me?"))
        assert caught.value.retry_after
        running.close()
        assert (await answered(waiting))[1].completion_tokens

    asyncio.run(scenario())


def test_who_goes_away_frees_the_place(small: ChatWorker) -> None:
    async def scenario() -> None:
        for _ in range(3):
            abandoned = await small.start(endless())
            await first_piece(abandoned)
            abandoned.close()
            with contextlib.suppress(Unavailable):
                await answered(abandoned)
        left_while_waiting = await small.start(endless())
        left_while_waiting.close()
        assert (await answered(await small.start(question("Hello?"))))[0]

    asyncio.run(scenario())


def test_a_billion_tokens_leave_room_for_another_pod(model_file: Path) -> None:
    greedy = question("Write.", caller="greedy", max_tokens=10**9, grammar=LONG)

    async def scenario() -> None:
        with chat_worker(small_spec(model_file, parallel=4)) as worker:
            greedy_ones = [await worker.start(greedy) for _ in range(3)]
            await first_piece(greedy_ones[0])
            async with asyncio.timeout(60):
                assert (await answered(await worker.start(question("Hello?"))))[0]
            for answer in greedy_ones:
                answer.close()

    asyncio.run(scenario())


def test_who_waits_for_cells_is_looked_at_again_when_some_are_free(
    model_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks: list[str | None] = []
    idle = Sequences.idle

    def look(self: Sequences, caller: str | None, *rest: Any) -> list[Sequence]:
        looks.append(caller)
        return idle(self, caller, *rest)

    monkeypatch.setattr(Sequences, "idle", look)
    told: queue.SimpleQueue[Event] = queue.SimpleQueue()
    waited: queue.SimpleQueue[Event] = queue.SimpleQueue()
    engine = Engine(small_spec(model_file, parallel=2))
    running = engine.submit(endless(), told.put)
    told.get(timeout=60)
    engine.submit(question("Write.", caller="b", max_tokens=1_000), waited.put)
    for _ in range(20):  # steps
        told.get(timeout=60)
    assert looks == ["a", "b"]
    running.gone = True
    assert isinstance(waited.get(timeout=60), Piece)
    engine.close()


def test_closing_tells_everyone_who_waits(model_file: Path) -> None:
    async def scenario() -> None:
        with chat_worker(small_spec(model_file)) as worker:
            running = await worker.start(endless())
            await first_piece(running)
            waiting = await worker.start(endless())
            closing = asyncio.create_task(asyncio.to_thread(worker.close))
            for answer in (running, waiting):
                with pytest.raises(Unavailable):
                    await answered(answer)
            await closing
            assert not worker.healthy()

    asyncio.run(scenario())


def test_a_failed_step_fails_its_requests_and_no_others(
    model_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_context: Context) -> None:
        monkeypatch.undo()
        raise RuntimeError("llama_decode returned -3")

    engine = Engine(small_spec(model_file))

    def ask() -> list[Event]:
        """The engine in this very process, because only so can its step be made to fail."""
        events: queue.SimpleQueue[Event] = queue.SimpleQueue()
        engine.submit(question("Hello?"), events.put)
        told = [events.get(timeout=60)]
        while isinstance(told[-1], Piece):
            told.append(events.get(timeout=60))
        return told

    before = ask()
    monkeypatch.setattr(Context, "decode", refuse)
    assert isinstance(ask()[-1], Unavailable)
    after = ask()
    assert after[:-1] == before[:-1]
    assert isinstance(after[-1], Done)
    assert after[-1].cached == 0
    assert engine.healthy()
    engine.close()
    assert not engine.healthy()


def test_an_engine_that_stops_fails_its_requests_and_says_so(
    model_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stumble(_context: Context) -> None:
        raise ValueError("a fault of ours")

    stopped = threading.Event()
    engine = Engine(small_spec(model_file), stopped=stopped.set)
    monkeypatch.setattr(Context, "decode", stumble)
    events: queue.SimpleQueue[Event] = queue.SimpleQueue()
    engine.submit(question("Hello?"), events.put)
    assert isinstance(events.get(timeout=60), Unavailable)
    assert stopped.wait(60)  # the process ends with it, and is started again
    assert not engine.healthy()
    with pytest.raises(Unavailable):
        engine.submit(question("Hello?"), events.put)


def test_a_long_prompt_and_short_ones_run_together(engine: ChatWorker) -> None:
    async def scenario() -> None:
        texts = ["Hello?", "It rained. " * 240, "Who?", "Why?"]
        answers = [await engine.start(question(text, caller="mixed")) for text in texts]
        ends = [done for _, done in await asyncio.gather(*map(answered, answers))]
        assert ends[1].prompt_tokens > 512  # more than one step computes
        for text, done in zip(texts, ends, strict=True):
            alone = await answered(await engine.start(question(text, caller="alone")))
            assert alone[1].prompt_tokens == done.prompt_tokens
            assert done.completion_tokens

    asyncio.run(scenario())


def test_a_kept_prefix_gives_the_same_answer(engine: ChatWorker) -> None:
    async def scenario() -> None:
        work = replace(question(""), prompt=sure_prompt(), caller="kept")
        cold, first = await answered(await engine.start(work))
        warm, second = await answered(await engine.start(work))
        assert first.cached == 0
        assert second.cached == second.prompt_tokens - 1
        assert "Paris" in warm
        assert warm == cold  # a prefix of another sequence would say something else

    asyncio.run(scenario())


def test_a_grammar_holds_at_any_temperature(engine: ChatWorker) -> None:
    months = {"enum": ["January", "Smarch"]}
    wild = Sampling(temperature=2, top_p=1, top_k=49_152, min_p=0, seed=7)

    async def scenario() -> None:
        work = question("Which month?", sampling=wild, grammar=grammar.of_schema(months))
        text, done = await answered(await engine.start(work))
        assert json.loads(text) in months["enum"]
        assert done.reason == "stop"

    asyncio.run(scenario())


def test_a_wild_model_still_writes_json(engine: ChatWorker) -> None:
    schema = {"type": "array", "items": {"type": "string", "maxLength": 12}, "maxItems": 4}
    rules = grammar.of_schema(schema)

    async def one(seed: int) -> None:
        wild = Sampling(temperature=2, top_p=1, top_k=49_152, min_p=0, seed=seed)
        work = question("A poem, line by line.", sampling=wild, grammar=rules, max_tokens=200)
        text, done = await answered(await engine.start(work))
        assert done.reason == "stop"
        assert all(len(line) <= 12 for line in json.loads(text))

    async def scenario() -> None:
        await asyncio.gather(*map(one, range(8)))

    asyncio.run(scenario())


def test_a_grammar_that_matches_nothing_is_an_error(engine: ChatWorker) -> None:
    async def scenario() -> None:
        # Private-use characters that no token of this vocabulary starts or is.
        work = question("Hi", grammar='root ::= [^\\x00-\\U0010FFFF] "a"')
        with pytest.raises(BadInput):
            await answered(await engine.start(work))
        with pytest.raises(BadInput):
            await engine.start(question("Hi", grammar="this is no grammar"))
        assert (await answered(await engine.start(question("Hi"))))[0]

    asyncio.run(scenario())


def test_a_prompt_beyond_the_context_is_refused(engine: ChatWorker) -> None:
    async def scenario() -> None:
        with pytest.raises(TooLarge, match="4096"):
            await engine.start(question("word " * 5_000))

    asyncio.run(scenario())


def test_a_file_that_is_no_model_is_damaged(tmp_path: Path) -> None:
    path = tmp_path / "model.gguf"
    path.write_bytes(b"GGUF" + bytes(1_000))
    with pytest.raises(Damaged, match="cannot load"), chat_worker(small_spec(path)):
        pass


def test_a_truncated_model_is_damaged(tmp_path: Path, model_file: Path) -> None:
    path = tmp_path / "model.gguf"
    path.write_bytes(model_file.read_bytes()[:50_000_000])
    with pytest.raises(Damaged, match="cannot load"), chat_worker(small_spec(path)):
        pass
