"""Prefixes: common ones are computed once for all, private ones belong to one pod."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from engine_asking import GREEDY, answered
from model_server import wait_until
from model_workers import COMMAND, chat_worker

from hearth.inference.engine.spec import ChatSpec
from hearth.inference.generation import Done, Generation
from hearth.inference.workers.chat import ChatWorker
from hearth.inference.workers.fleet import Fleet, Offer

COMMON = "<|im_start|>system\n" + "Keep the house's rules in mind. " * 40 + "<|im_end|>\n"
OTHER = COMMON.replace("mind", "sight")
SECRET = "The code of the safe is 4711, and it hangs behind the stairs. " * 4


def asked(caller: str, text: str, head: str = COMMON) -> Generation:
    prompt = f"{head}<|im_start|>user\n{text}<|im_end|>\n<|im_start|>assistant\n"
    return Generation(caller, prompt, max_tokens=4, sampling=GREEDY)


@pytest.fixture
def spec(model_file: Path, tmp_path: Path) -> ChatSpec:
    """An engine that keeps common prefixes."""
    return ChatSpec(
        model_file,
        "small",
        context=4_096,
        parallel=2,
        threads=2,
        prefixes=tmp_path / "prefixes",
        digest="0" * 64,
    )


@contextmanager
def sharing(spec: ChatSpec, *prompts: str) -> Iterator[ChatWorker]:
    worker = ChatWorker(spec, COMMAND, shared=lambda _: prompts)
    try:
        worker.wait()
        yield worker
    finally:
        worker.close()


async def ask(worker: ChatWorker, work: Generation) -> Done:
    return (await answered(await worker.start(work)))[1]


def saved(spec: ChatSpec) -> list[Path]:
    assert spec.prefixes is not None
    return sorted(spec.prefixes.glob("*.state"))


async def until(condition: Callable[[], bool]) -> None:
    await asyncio.to_thread(wait_until, condition)


def test_a_common_prefix_is_there_before_anyone_asks_and_for_everyone(spec: ChatSpec) -> None:
    async def scenario() -> None:
        with sharing(spec, COMMON) as worker:
            await until(lambda: bool(saved(spec)))
            family = await ask(worker, asked("family", "Hello?"))
            study = await ask(worker, asked("study", "Hello?"))
            assert family.cached == study.cached > 200
            assert family.cached < family.prompt_tokens - 5

    asyncio.run(scenario())


def test_private_tokens_are_never_counted_as_cached_for_another_pod(spec: ChatSpec) -> None:
    async def scenario() -> None:
        with sharing(spec, COMMON) as worker:
            await until(lambda: bool(saved(spec)))
            first = await ask(worker, asked("family", SECRET + "Where is it?"))
            probe = await ask(worker, asked("study", SECRET + "Where is it?"))
            again = await ask(worker, asked("family", SECRET + "Where was it?"))
            assert probe.cached == first.cached  # the common part alone, and nothing of the secret
            assert again.cached > probe.cached + 40

    asyncio.run(scenario())


def test_a_pod_cannot_make_its_own_prompt_common(spec: ChatSpec) -> None:
    async def scenario() -> None:
        with sharing(spec) as worker:
            await ask(worker, asked("family", "Hello?"))
            probe = await ask(worker, asked("study", "Hello?"))
            assert probe.cached == 0
            assert not saved(spec)

    asyncio.run(scenario())


def test_what_is_forgotten_is_computed_anew(spec: ChatSpec) -> None:
    async def scenario() -> None:
        with sharing(spec, COMMON) as worker:
            await until(lambda: bool(saved(spec)))
            await ask(worker, asked("family", SECRET))
            await ask(worker, asked("study", SECRET))
            common = (await ask(worker, asked("other", SECRET))).cached
            await worker.forget("family")
            assert (await ask(worker, asked("family", SECRET))).cached == common
            assert (await ask(worker, asked("study", SECRET))).cached > common

    asyncio.run(scenario())


def test_a_start_loads_what_was_saved_and_answers_alike(spec: ChatSpec) -> None:
    async def scenario() -> None:
        with sharing(spec, COMMON) as worker:
            await until(lambda: bool(saved(spec)))
            before = await answered(await worker.start(asked("family", "Say yes.")))
        with sharing(spec, COMMON) as worker:
            after = await answered(await worker.start(asked("family", "Say yes.")))
        assert after == before  # and so was cached as much, though nobody had asked yet

    asyncio.run(scenario())


def test_a_fleet_that_starts_again_keeps_what_is_on_disk_until_it_is_told(spec: ChatSpec) -> None:
    async def run_once() -> tuple[int, int]:
        fleet = Fleet([Offer(spec, 1, stays=True)], COMMAND, head=lambda _, text: text)
        try:
            await fleet.start()
            fleet.share([COMMON])
            await until(lambda: bool(saved(spec)))
            worker = await fleet.chat("small")
            done = await ask(worker, asked("family", "Hello?"))
            return saved(spec)[0].stat().st_mtime_ns, done.cached
        finally:
            await fleet.close()

    before = asyncio.run(run_once())
    assert asyncio.run(run_once()) == before
    assert before[1] > 200


@pytest.mark.parametrize("harm", ["truncated", "altered", "another model's", "unsealed"])
def test_what_is_damaged_on_disk_is_computed_anew(spec: ChatSpec, harm: str) -> None:
    async def scenario() -> None:
        with sharing(spec, COMMON) as worker:
            await until(lambda: bool(saved(spec)))
        (path,) = saved(spec)
        data = path.read_bytes()
        if harm == "truncated":
            path.write_bytes(data[: len(data) // 2])
        elif harm == "altered":
            path.write_bytes(data[:5_000] + bytes(1_000) + data[6_000:])
        elif harm == "unsealed":
            path.with_suffix(".sha256").unlink()
        changed = replace(spec, digest="1" * 64) if harm == "another model's" else spec
        with sharing(changed, COMMON) as worker:
            await until(lambda: len(saved(spec)) == 1 and saved(spec)[0].read_bytes() != b"")
            done = await ask(worker, asked("family", "Hello?"))
            assert done.completion_tokens

    asyncio.run(scenario())


def test_prefixes_that_are_common_no_longer_leave_the_disk(spec: ChatSpec) -> None:
    async def scenario() -> None:
        with sharing(spec, COMMON, OTHER) as worker:
            await until(lambda: len(saved(spec)) == 2)
            assert (await ask(worker, asked("a", "Hi", OTHER))).cached > 200
        with sharing(spec, OTHER):
            await until(lambda: len(saved(spec)) == 1)

    asyncio.run(scenario())


def test_a_request_for_the_whole_context_gets_the_common_ones_cells(spec: ChatSpec) -> None:
    async def scenario() -> None:
        with sharing(replace(spec, context=1_024), COMMON) as worker:
            await until(lambda: bool(saved(spec)))
            whole = asked("family", "word " * 900, "")
            assert (await ask(worker, replace(whole, max_tokens=50))).prompt_tokens > 900
            assert (await ask(worker, asked("study", "Hello?"))).cached > 200

    asyncio.run(scenario())


def test_members_who_ask_together_read_their_common_beginning_once(model_file: Path) -> None:
    spec = ChatSpec(model_file, "small", context=4_096, parallel=4, threads=2)

    async def scenario() -> None:
        with chat_worker(spec) as worker:
            asks = [asked("family", f"What is {number} and 2?") for number in range(4)]
            ends = await asyncio.gather(*(ask(worker, work) for work in asks))
            assert sorted(done.cached > 200 for done in ends) == [False, True, True, True]

    asyncio.run(scenario())
