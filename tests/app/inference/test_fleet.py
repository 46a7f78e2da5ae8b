"""Models that come and go within a budget: real ones, with made-up sizes."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import psutil
import pytest
from engine_asking import answered, first_piece, question
from model_server import wait_until
from model_workers import COMMAND

from hearth.core.errors import BadConfiguration, Damaged, NotFound, Unavailable
from hearth.inference.engine.spec import ChatSpec, SentenceSpec
from hearth.inference.models.library import Library
from hearth.inference.workers import fleet as fleet_module
from hearth.inference.workers.fleet import Fleet, Offer

GB = 10**9
ROOMY = 1_000 * GB


def chat(path: Path, name: str, gigabytes: float = 1, *, stays: bool = False) -> Offer:
    spec = ChatSpec(path, name, context=2_048, parallel=2, threads=1)
    return Offer(spec, int(gigabytes * GB), stays)


def processes() -> list[psutil.Process]:
    return psutil.Process().children(recursive=True)


@pytest.fixture(autouse=True)
def _roomy_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """So that the budget alone decides."""
    monkeypatch.setattr(fleet_module, "available_bytes", lambda: ROOMY)


@asynccontextmanager
async def opened(offers: Sequence[Offer], budget: float | None = None) -> AsyncIterator[Fleet]:
    before = {process.pid for process in processes()}
    fleet = Fleet(offers, COMMAND, budget=None if budget is None else int(budget * GB))
    try:
        yield fleet
    finally:
        await fleet.close()
        left = [process for process in processes() if process.pid not in before]
        assert not psutil.wait_procs(left, 10)[1]


def test_what_does_not_fit_is_refused_with_figures_and_starts_nothing(model_file: Path) -> None:
    async def scenario() -> None:
        before = len(processes())
        async with opened([chat(model_file, "large", 5)], 2) as fleet:
            with pytest.raises(Unavailable, match=r"large needs 5.0 GB of memory, and 2.0 GB"):
                await fleet.chat("large")
            assert len(processes()) == before
        async with opened([chat(model_file, "large", 5, stays=True)], 2) as fleet:
            with pytest.raises(BadConfiguration, match=r"5.0 GB.*2.0 GB.*hearth models plan"):
                await fleet.start()
            assert len(processes()) == before
            assert not fleet.loaded

    asyncio.run(scenario())


def test_what_the_machine_has_is_a_limit_too_and_mapped_weights_count(
    model_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The kernel calls weights available that are only mapped; a loaded model still needs them."""
    monkeypatch.setattr(fleet_module, "available_bytes", lambda: 9 * GB)

    async def scenario() -> None:
        staying = chat(model_file, "first", 6, stays=True)
        async with opened([staying, chat(model_file, "second", 5)]) as fleet:
            await fleet.start()
            with pytest.raises(Unavailable, match=r"needs 5.0 GB of memory, and 3\.\d GB are free"):
                await fleet.chat("second")

    asyncio.run(scenario())


def test_the_longest_unused_goes_first_and_never_one_that_stays_or_is_busy(
    model_file: Path,
) -> None:
    async def scenario() -> None:
        offers = [chat(model_file, name, 1) for name in ("a", "b", "c", "d")]
        offers.append(chat(model_file, "stays", 1, stays=True))
        async with opened(offers, 3) as fleet:
            await fleet.start()
            await fleet.chat("a")
            await fleet.chat("b")
            await answered(await (await fleet.chat("a")).start(question("Hi", max_tokens=1)))
            await fleet.chat("c")
            assert set(fleet.loaded) == {"stays", "a", "c"}
            running = await (await fleet.chat("a")).start(question("Count.", max_tokens=1_500))
            await first_piece(running)
            await fleet.chat("d")
            assert set(fleet.loaded) == {"stays", "a", "d"}
            other = await (await fleet.chat("d")).start(question("Count.", max_tokens=1_500))
            await first_piece(other)
            with pytest.raises(Unavailable, match=r"0\.0 GB are free"):
                await fleet.chat("b")
            running.close()
            await fleet.chat("b")
            assert set(fleet.loaded) == {"stays", "b", "d"}
            other.close()

    asyncio.run(scenario())


def test_who_waits_for_a_restart_keeps_its_model(model_file: Path) -> None:
    async def scenario() -> None:
        async with opened([chat(model_file, "a"), chat(model_file, "b")], 1) as fleet:
            worker = await fleet.chat("a")
            pid = worker.process.child.pid
            assert pid is not None
            os.kill(pid, signal.SIGKILL)
            await asyncio.to_thread(wait_until, lambda: not worker.healthy())
            asked = asyncio.create_task(worker.start(question("Hi", max_tokens=2)))
            await asyncio.sleep(0)
            with pytest.raises(Unavailable, match=r"0\.0 GB are free"):
                await fleet.chat("b")
            assert (await answered(await asked))[1].completion_tokens

    asyncio.run(scenario())


def test_who_has_let_go_of_a_model_is_told_at_once(model_file: Path) -> None:
    async def scenario() -> None:
        async with opened([chat(model_file, "a"), chat(model_file, "b")], 1) as fleet:
            old = await fleet.chat("a")
            await fleet.chat("b")
            async with asyncio.timeout(2):
                with pytest.raises(Unavailable):
                    await old.start(question("Hi"))

    asyncio.run(scenario())


def test_requests_for_one_model_load_it_once(model_file: Path) -> None:
    async def scenario() -> None:
        before = len(processes())
        async with opened([chat(model_file, "a")], 2) as fleet:
            workers = await asyncio.gather(*(fleet.chat("a") for _ in range(6)))
            assert len({id(worker) for worker in workers}) == 1
            assert len(processes()) == before + 1

    asyncio.run(scenario())


def test_a_failed_load_leaves_no_process_and_no_memory_taken(
    model_file: Path, tmp_path: Path
) -> None:
    path = tmp_path / "broken.gguf"
    path.write_bytes(b"GGUF" + bytes(100))

    async def scenario() -> None:
        before = len(processes())
        async with opened([chat(path, "broken"), chat(model_file, "whole")], 1) as fleet:
            for _ in range(2):
                with pytest.raises(Damaged):
                    await fleet.chat("broken")
                assert len(processes()) == before
                assert not fleet.loaded
            assert await fleet.chat("whole")

    asyncio.run(scenario())


def test_kinds_of_models_are_not_mixed_up(model_file: Path, models_dir: Path) -> None:
    folder = Library(models_dir).path_of("all-minilm-l6-v2")
    minilm = Offer(SentenceSpec(folder, "minilm", threads=1), GB)

    async def scenario() -> None:
        before = len(processes())
        async with opened([chat(model_file, "a"), minilm]) as fleet:
            for ask, name in (
                (fleet.chat, "minilm"),
                (fleet.embedder, "a"),
                (fleet.reranker, "minilm"),
                (fleet.chat, "none"),
                (fleet.chat, ""),
            ):
                with pytest.raises(NotFound):
                    await ask(name)
            assert len(processes()) == before
            assert (await (await fleet.embedder("minilm")).embed(["a", "b"])).shape == (2, 384)

    asyncio.run(scenario())


def test_forgetting_reaches_every_model(model_file: Path) -> None:
    async def scenario() -> None:
        async with opened([chat(model_file, "a"), chat(model_file, "b")]) as fleet:
            work = question("The safe's code is 4711. " * 8, max_tokens=1)
            for cached in (False, True):
                for name in ("a", "b"):
                    answer = await (await fleet.chat(name)).start(work)
                    assert bool((await answered(answer))[1].cached) is cached
            await fleet.forget("someone else")
            await fleet.forget("a")
            for name in ("a", "b"):
                assert not (await answered(await (await fleet.chat(name)).start(work)))[1].cached
            (first, _) = fleet.loaded.values()
            assert first.process.child.pid
            os.kill(first.process.child.pid, signal.SIGSTOP)  # it cannot answer now
            os.kill(first.process.child.pid, signal.SIGKILL)
            await asyncio.to_thread(wait_until, lambda: not first.healthy())
            async with asyncio.timeout(2):
                await fleet.forget("a")

    asyncio.run(scenario())


def test_closing_ends_also_what_is_loading(model_file: Path) -> None:
    async def scenario() -> None:
        async with opened([chat(model_file, "a"), chat(model_file, "b")]) as fleet:
            await fleet.chat("a")
            loading = asyncio.create_task(fleet.chat("b"))
            waiting = asyncio.create_task(fleet.chat("b"))
            await asyncio.to_thread(wait_until, lambda: fleet._starting is not None)
            await fleet.close()
            for task in (loading, waiting):
                with pytest.raises(Unavailable):
                    await task
            assert not fleet.loaded

    asyncio.run(scenario())


def test_what_is_idle_for_long_goes_and_what_is_missing_is_said(
    model_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fleet_module, "_IDLE_SECONDS", 0.2)
    monkeypatch.setattr(fleet_module, "_LOOK_SECONDS", 0.05)
    broken = Offer(SentenceSpec(tmp_path / "absent", "broken"), GB, stays=True)

    async def scenario() -> None:
        offers = [chat(model_file, "stays", stays=True), chat(model_file, "guest"), broken]
        async with opened(offers) as fleet:
            await fleet.start()
            await fleet.chat("guest")
            tending = asyncio.create_task(fleet.tend())
            await asyncio.to_thread(wait_until, lambda: "guest" not in fleet.loaded)
            assert set(fleet.loaded) == {"stays"}
            assert fleet.fault("stays") is None
            assert "cannot be loaded" in (fleet.fault("broken") or "")
            assert fleet.healthy()
            tending.cancel()

    asyncio.run(scenario())
