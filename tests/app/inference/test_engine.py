"""The engine under load, under abandonment, and at the edges where llama.cpp would abort."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from model_server import SURE

from hearth.core.errors import BadConfiguration, BadInput, Busy, Damaged, TooLarge, Unavailable
from hearth.inference.engine.llama import Context, Model
from hearth.inference.engine.loop import Engine
from hearth.inference.generation import Answer, Done, Generation, Piece, Sampling
from hearth.inference.server import grammar

GREEDY = Sampling(temperature=0)
# A text that no model can end early.
LONG = grammar.of_schema({"type": "string", "minLength": 1_500})


def question(text: str, **fields: object) -> Generation:
    prompt = f"<|im_start|>user\n{text}<|im_end|>\n<|im_start|>assistant\n"
    defaults: dict[str, object] = {"caller": "a", "max_tokens": 16, "sampling": GREEDY}
    return Generation(prompt=prompt, **(defaults | fields))  # type: ignore[arg-type]


def sure_prompt() -> str:
    turns = [f"<|im_start|>{role}\n{text}<|im_end|>\n" for role, text in SURE]
    return "".join(turns) + "<|im_start|>assistant\n"


def endless(caller: str = "a") -> Generation:
    return question("Write.", caller=caller, max_tokens=1_200, grammar=LONG)


async def answered(answer: Answer) -> tuple[str, Done]:
    pieces = [event async for event in answer]
    done = pieces.pop()
    assert isinstance(done, Done)
    return "".join(piece.text for piece in pieces if isinstance(piece, Piece)), done


async def first_piece(answer: Answer) -> AsyncIterator[Piece | Done]:
    events = aiter(answer)
    assert isinstance(await anext(events), Piece)
    return events


@pytest.fixture
def small(model_file: Path) -> Iterator[Engine]:
    """An engine with one place and one seat to wait in."""
    engine = Engine(model_file, name="small", context=2_048, parallel=1, waiting=1, threads=2)
    yield engine
    engine.close()


def test_a_full_queue_says_when_to_come_back(small: Engine) -> None:
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


def test_who_goes_away_frees_the_place(small: Engine) -> None:
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


def test_closing_tells_everyone_who_waits(model_file: Path) -> None:
    engine = Engine(model_file, name="small", context=2_048, parallel=1, waiting=4, threads=2)

    async def scenario() -> None:
        running = await small_start()
        await first_piece(running)
        waiting = await small_start()
        closing = asyncio.create_task(asyncio.to_thread(engine.close))
        for answer in (running, waiting):
            with pytest.raises(Unavailable):
                await answered(answer)
        await closing
        with pytest.raises(Unavailable):
            await small_start()
        assert not engine.healthy()

    async def small_start() -> Answer:
        return await engine.start(endless())

    asyncio.run(scenario())


def test_a_failed_step_fails_its_requests_and_no_others(
    small: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_context: Context) -> None:
        monkeypatch.undo()
        raise RuntimeError("llama_decode returned -3")

    async def scenario() -> None:
        before = await answered(await small.start(question("Hello?")))
        monkeypatch.setattr(Context, "decode", refuse)
        with pytest.raises(Unavailable):
            await answered(await small.start(question("Hello?")))
        after = await answered(await small.start(question("Hello?")))
        assert after[0] == before[0]
        assert after[1].cached == 0
        assert small.healthy()

    asyncio.run(scenario())


def test_a_long_prompt_and_short_ones_run_together(engine: Engine) -> None:
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


def test_a_kept_prefix_gives_the_same_answer(engine: Engine) -> None:
    async def scenario() -> None:
        work = replace(question(""), prompt=sure_prompt(), caller="kept")
        cold, first = await answered(await engine.start(work))
        warm, second = await answered(await engine.start(work))
        assert first.cached == 0
        assert second.cached == second.prompt_tokens - 1
        assert "Paris" in warm
        assert warm == cold  # a prefix of another sequence would say something else

    asyncio.run(scenario())


def test_a_grammar_holds_at_any_temperature(engine: Engine) -> None:
    months = {"enum": ["January", "Smarch"]}
    wild = Sampling(temperature=2, top_p=1, top_k=49_152, min_p=0, seed=7)

    async def scenario() -> None:
        work = question("Which month?", sampling=wild, grammar=grammar.of_schema(months))
        text, done = await answered(await engine.start(work))
        assert json.loads(text) in months["enum"]
        assert done.reason == "stop"

    asyncio.run(scenario())


def test_a_wild_model_still_writes_json(engine: Engine) -> None:
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


def test_a_grammar_that_matches_nothing_is_an_error(engine: Engine) -> None:
    async def scenario() -> None:
        # Private-use characters that no token of this vocabulary starts or is.
        work = question("Hi", grammar='root ::= [^\\x00-\\U0010FFFF] "a"')
        with pytest.raises(BadInput):
            await answered(await engine.start(work))
        with pytest.raises(BadInput):
            await engine.start(question("Hi", grammar="this is no grammar"))
        assert (await answered(await engine.start(question("Hi"))))[0]

    asyncio.run(scenario())


def test_a_prompt_beyond_the_context_is_refused(engine: Engine) -> None:
    async def scenario() -> None:
        with pytest.raises(TooLarge, match="4096"):
            await engine.start(question("word " * 5_000))

    asyncio.run(scenario())


def test_a_file_that_is_no_model_is_damaged(tmp_path: Path) -> None:
    path = tmp_path / "model.gguf"
    path.write_bytes(b"GGUF" + bytes(1_000))
    with pytest.raises(Damaged, match="cannot load"):
        Engine(path, name="broken")


def test_a_truncated_model_is_damaged(tmp_path: Path, model_file: Path) -> None:
    path = tmp_path / "model.gguf"
    path.write_bytes(model_file.read_bytes()[:50_000_000])
    with pytest.raises(Damaged, match="cannot load"):
        Engine(path, name="broken")


@pytest.fixture
def context(model_file: Path) -> Iterator[Context]:
    """A bare context of 256 cells."""
    model = Model(model_file)
    context = Context(model, cells=256, sequences=2, threads=1, batch=8)
    yield context
    context.close()
    model.close()


@pytest.mark.parametrize(
    ("tokens", "sequence"), [([], 0), ([-1], 0), ([10**6], 0), ([5], 2), ([5], -1), ([5] * 9, 0)]
)
def test_what_would_abort_the_process_is_refused(
    context: Context, tokens: list[int], sequence: int
) -> None:
    with pytest.raises(ValueError, match=r"sequence|vocabulary|batch"):
        context.add(tokens, 0, sequence, logits=True)
    assert context.empty


def test_rows_without_logits_are_known(context: Context) -> None:
    context.add([5, 6], 0, 0, logits=True)
    context.decode()
    assert [context.has_logits(row) for row in (-1, 0, 1, 2)] == [False, False, True, False]


def test_sharing_is_checked(context: Context) -> None:
    context.add([5, 6, 7], 0, 0, logits=True)
    context.decode()
    assert context.share(0, 1, 2)
    assert context.length(1) == 2
    context.remove(1)
    assert not context.share(0, 1, 4)
    assert context.length(1) == 0


def test_shares_of_the_gpus_reach_llama(model_file: Path) -> None:
    model = Model(model_file, gpu_layers=0, tensor_split=(3.0, 1.0))
    try:
        assert list(model.shares)[:3] == [3.0, 1.0, 0.0]
        assert model.tokenize("Hello")
    finally:
        model.close()


def test_more_shares_than_devices_are_refused(model_file: Path) -> None:
    with pytest.raises(BadConfiguration, match="tensor_split"):
        Model(model_file, tensor_split=(1.0,) * 1_000)
