"""A model's process that dies, hangs or talks nonsense: clear errors, and it is there again."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import openai
import psutil
import pytest
from engine_asking import answered, first_piece, question
from fixed_models import Fixed
from model_server import openai_client, served, wait_until
from model_workers import COMMAND, chat_worker

from hearth.core.errors import Unavailable
from hearth.inference.engine.spec import ChatSpec
from hearth.inference.generation import Generation
from hearth.inference.server import grammar
from hearth.inference.server.app import create_app
from hearth.inference.workers.chat import ChatWorker
from hearth.inference.workers.child import Limits

NAME = "small"
COMMON = "<|im_start|>system\n" + "Keep the house's rules in mind. " * 40 + "<|im_end|>\n"
LONG = {"type": "string", "minLength": 3_000}
STREAMS = 8


def endless(caller: str = "a") -> Generation:
    return question("Write.", caller=caller, max_tokens=900, grammar=grammar.of_schema(LONG))


def pid(worker: ChatWorker) -> int:
    found = worker.process.child.pid
    assert found is not None
    return found


async def until(condition: Callable[[], bool]) -> None:
    await asyncio.to_thread(wait_until, condition)


@pytest.fixture(scope="module")
def spec(model_file: Path) -> ChatSpec:
    """Eight at a time."""
    return ChatSpec(model_file, NAME, context=8_192, parallel=STREAMS, threads=2)


@pytest.fixture
def worker(spec: ChatSpec) -> Iterator[ChatWorker]:
    """A process that dies in the test, so that each needs its own."""
    with chat_worker(spec) as worker:
        yield worker


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGABRT])
def test_a_death_under_load_ends_every_stream_and_the_next_is_answered(
    worker: ChatWorker, number: signal.Signals
) -> None:
    async def scenario() -> None:
        answers = [await worker.start(endless(f"pod{at}")) for at in range(STREAMS)]
        for answer in answers:
            await first_piece(answer)
        os.kill(pid(worker), number)
        died = time.monotonic()
        for end in await asyncio.gather(*map(answered, answers), return_exceptions=True):
            assert isinstance(end, Unavailable)
            assert end.retry_after
        assert time.monotonic() - died < 2  # told at once, not when it is back
        asked = [await worker.start(question("Hello?", caller=f"pod{at}")) for at in range(3)]
        for _, done in await asyncio.gather(*map(answered, asked)):
            assert done.completion_tokens
        print(f"{number.name}: asked and answered again in {time.monotonic() - died:.2f} s")

    asyncio.run(scenario())


def test_requests_that_come_during_a_restart_wait_and_use_no_threads(worker: ChatWorker) -> None:
    async def scenario() -> None:
        os.kill(pid(worker), signal.SIGKILL)
        await until(lambda: not worker.healthy())
        asked = [asyncio.create_task(worker.start(question("Hello?"))) for _ in range(40)]
        await asyncio.sleep(0)
        assert not worker.healthy()
        assert await asyncio.to_thread(lambda: "free") == "free"
        assert not worker.healthy()
        assert worker.process.busy  # nobody lets a model go that is waited for
        for answer in await asyncio.gather(*asked):
            assert (await answered(answer))[1].completion_tokens

    asyncio.run(scenario())


def test_common_prefixes_are_read_from_disk_after_a_death(spec: ChatSpec, tmp_path: Path) -> None:
    kept = replace(spec, prefixes=tmp_path / "prefixes", digest="0" * 64, context=4_096)
    prompt = f"{COMMON}<|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\n"
    work = replace(question(""), prompt=prompt, max_tokens=2)

    async def scenario() -> None:
        worker = ChatWorker(kept, COMMAND, shared=lambda _: [COMMON])
        try:
            await asyncio.to_thread(worker.wait)
            await until(lambda: bool(list((tmp_path / "prefixes").glob("*.state"))))
            (state,) = (tmp_path / "prefixes").glob("*.state")
            written = state.stat().st_mtime_ns
            os.kill(pid(worker), signal.SIGKILL)
            await until(lambda: not worker.healthy())
            done = (await answered(await worker.start(work)))[1]
            assert done.cached > 200
            assert state.stat().st_mtime_ns == written
        finally:
            await asyncio.to_thread(worker.close)

    asyncio.run(scenario())


def test_over_http_a_death_is_an_error_event_or_status_never_a_short_answer(
    worker: ChatWorker,
) -> None:
    words = {"name": "long", "schema": LONG}
    body: dict[str, Any] = {
        "model": NAME,
        "messages": [{"role": "user", "content": "Write."}],
        "response_format": {"type": "json_schema", "json_schema": words},
        "max_tokens": 900,
    }

    async def raw(http: httpx.AsyncClient, *, begun: asyncio.Event) -> str:
        told = ""
        async with http.stream("POST", "/v1/chat/completions", json=body | {"stream": True}) as got:
            async for text in got.aiter_text():
                told += text
                if '"content": "' in told.partition("\n")[2]:
                    begun.set()
        return told

    async def scenario(socket: Path) -> None:
        transport = httpx.AsyncHTTPTransport(uds=str(socket))
        async with httpx.AsyncClient(
            transport=transport, base_url="http://inference", timeout=60
        ) as http:
            events = [asyncio.Event() for _ in range(STREAMS - 1)]
            streams = [asyncio.create_task(raw(http, begun=begun)) for begun in events]
            whole = asyncio.create_task(http.post("/v1/chat/completions", json=body))
            for begun in events:
                await begun.wait()
            await until(lambda: len(worker.process._open) == STREAMS)
            os.kill(pid(worker), signal.SIGABRT)
            for told in await asyncio.gather(*streams):
                last = told.rstrip().rsplit("data: ", 1)[1]
                assert '"code": "unavailable"' in last
                assert '"finish_reason": "' not in told
                assert "[DONE]" not in told
            refused = await whole
            assert refused.status_code == 503
            assert refused.headers["retry-after"]

    app = create_app(Fixed(worker, {}, {}))
    with tempfile.TemporaryDirectory() as folder:
        socket = Path(folder) / "a.sock"
        with served(app, {"a": socket}), openai_client(socket) as client:
            asyncio.run(scenario(socket))
            stream = client.chat.completions.create(
                model=NAME, messages=body["messages"], stream=True, max_tokens=500
            )
            assert next(stream).choices
            os.kill(pid(worker), signal.SIGKILL)
            with pytest.raises(openai.APIError, match="stopped"):
                list(stream)


def test_a_process_that_hangs_blocks_nobody_and_is_ended(spec: ChatSpec) -> None:
    async def scenario() -> None:
        worker = ChatWorker(replace(spec, context=4_096), COMMAND, limits=Limits(silent=3, stop=1))
        try:
            await asyncio.to_thread(worker.wait)
            running = await worker.start(endless())
            await first_piece(running)
            hung = pid(worker)
            os.kill(hung, signal.SIGSTOP)
            # More than a socket's buffer holds, and the loop goes on.
            large = question("word " * 60_000)
            asked = [asyncio.create_task(worker.start(large)) for _ in range(8)]
            begun = time.monotonic()
            await asyncio.sleep(0)
            assert time.monotonic() - begun < 2
            with pytest.raises(Unavailable):
                await answered(running)
            await asyncio.gather(*asked, return_exceptions=True)  # too large, when it is back
            assert not psutil.pid_exists(hung)
            assert (await answered(await worker.start(question("Hello?"))))[0]
        finally:
            await asyncio.to_thread(worker.close)

    asyncio.run(scenario())


def test_garbage_to_and_from_the_process_is_a_restart(worker: ChatWorker) -> None:
    async def scenario() -> None:
        for garbage in (b"\x00\xff{]\n", b'{"start": 1, "work": {"prompt": 5}}\n', b"[]\n7\n"):
            before = pid(worker)
            assert worker.process.child._outgoing is not None
            worker.process.child._outgoing.put(garbage)
            assert (await answered(await worker.start(question("Hello?"))))[0]
            if garbage.endswith(b"7\n"):
                assert pid(worker) == before  # JSON that asks for nothing

    asyncio.run(scenario())


@pytest.mark.parametrize("says", ["\\x00\\xff{]", "5", '{"ready": 1}', '{"failed": null}'])
def test_a_process_that_talks_nonsense_is_damaged_and_gone(spec: ChatSpec, says: str) -> None:
    program = f"import time; print({says!r}, file=open(int(__import__('sys').argv[1]), 'w', "
    program += "closefd=False), flush=True); time.sleep(600)"
    worker = ChatWorker(spec, [sys.executable, "-c", program])
    with contextlib.closing(worker), pytest.raises(Exception, match="ends while it loads"):
        worker.wait()
    process = worker.process.child._process
    assert process is not None
    assert process.poll() is not None


def test_who_cannot_be_started_is_unavailable(spec: ChatSpec) -> None:
    worker = ChatWorker(spec, ["/nonexistent/program"])
    with contextlib.closing(worker), pytest.raises(Unavailable, match="cannot be started"):
        worker.wait()


def test_closing_while_it_loads_is_quick_and_tells_who_waits(spec: ChatSpec) -> None:
    for pause in (0, 0.05, 0.6):
        worker = ChatWorker(spec, COMMAND)
        time.sleep(pause)
        begun = time.monotonic()
        worker.close()
        assert time.monotonic() - begun < 4
        process = worker.process.child._process
        assert process is None or process.poll() is not None
        with contextlib.suppress(Unavailable):
            worker.wait()
            assert worker.info  # it had loaded already


def test_a_killed_service_leaves_no_process(spec: ChatSpec, tmp_path: Path) -> None:
    program = tmp_path / "parent.py"
    program.write_text(
        "import asyncio, pathlib\n"
        "from engine_asking import question\n"
        "from hearth.inference.engine.spec import ChatSpec\n"
        "from hearth.inference.workers.chat import ChatWorker\n"
        "from model_workers import COMMAND\n"
        f"worker = ChatWorker(ChatSpec(pathlib.Path({str(spec.path)!r}), 'small'), COMMAND)\n"
        "print(worker.process.child.pid, flush=True)\n"
        "worker.wait()\n"
        "async def ask():\n"
        "    await worker.start(question('Count.', max_tokens=2000))\n"
        "    print('answering', flush=True)\n"
        "    await asyncio.sleep(600)\n"
        "asyncio.run(ask())\n"
    )
    path = os.pathsep.join([*filter(None, sys.path)])
    for lines in (1, 2):  # while it loads, and while it answers
        parent = subprocess.Popen(
            [sys.executable, str(program)],
            stdout=subprocess.PIPE,
            env=os.environ | {"PYTHONPATH": path},
        )
        assert parent.stdout is not None
        told = [parent.stdout.readline() for _ in range(lines)]
        child = psutil.Process(int(told[0])) if told[0].strip() != b"None" else None
        parent.kill()
        parent.communicate()
        if child:
            child.wait(30)
