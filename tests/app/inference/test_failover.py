"""Two model servers for one pod: who answers when, and what is never done."""

from __future__ import annotations

import asyncio
import json
import logging
import signal
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from engine_programs import running
from fastapi import FastAPI, Request, Response
from model_server import served, wait_until
from raw_server import GOOD, Handler, answering, delta, error, events, hang_up

from hearth.config import load
from hearth.core.errors import BadInput, Busy, TooLarge, Unavailable
from hearth.core.ports import ChatMessage
from hearth.inference import client as clients
from hearth.inference.client import InferenceClient
from hearth.inference.failover import Endpoint, FailoverModel
from hearth.pod import engines

HELLO = [ChatMessage(role="user", content="Name three colours.")]
STORY = [ChatMessage(role="user", content="Count from one to one thousand, in words.")]
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
SECOND = events(delta("green"), delta(None, "stop"), "[DONE]")
VECTORS = json.dumps({"data": [{"index": 0, "embedding": [1, 0]}]}).encode()


def endpoint(socket: Path, embedding_model: str = "one", **waits: float) -> Endpoint:
    client = InferenceClient.over_socket(
        socket, chat_model="m", embedding_model=embedding_model, patience=0.01
    )
    waits = {"first_wait": 0.02, "longest_wait": 0.08} | waits
    return Endpoint(socket.name, client, clock=lambda: NOON, **waits)


@asynccontextmanager
async def pair(folder: Path, **other: Any) -> AsyncIterator[FailoverModel]:
    """A model over the sockets `first` and `second`."""
    options = {"patience": 1, "look": 0.1} | other
    model = FailoverModel(endpoint(folder / "first"), endpoint(folder / "second"), **options)
    try:
        yield model
    finally:
        await model.close()


async def vectors(writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n%s" % (len(VECTORS), VECTORS))


def after(seconds: float, then: Handler) -> Handler:
    async def handle(writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(seconds)
        await then(writer)

    return handle


def run(scenario: Callable[[], Coroutine[Any, Any, None]]) -> None:
    asyncio.run(scenario())


def test_the_first_answers_while_it_can(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with (
            answering(tmp_path / "first", GOOD, GOOD),
            answering(tmp_path / "second") as unasked,
            pair(tmp_path) as model,
        ):
            assert await model.complete(HELLO) == "red, blue"
            assert [piece async for piece in model.stream(HELLO)] == ["red", ", blue"]
            assert not unasked
            assert not model.stands_in

    run(scenario)


@pytest.mark.parametrize("fault", [hang_up, error(503, "unavailable"), events()])
def test_the_fallback_answers_and_nobody_waits_for_the_first_again(
    tmp_path: Path, fault: Handler
) -> None:
    answered: list[None] = []

    async def scenario() -> None:
        faults = [fault] * 9
        refused = error(503, "unavailable")
        async with (
            answering(tmp_path / "first", *faults, probe=refused) as first,
            answering(tmp_path / "second", SECOND, SECOND, SECOND),
            pair(tmp_path, fell_back=lambda: answered.append(None)) as model,
        ):
            assert [piece async for piece in model.stream(HELLO)] == ["green"]
            assert (model.first.away_since, model.stands_in) == (NOON, True)
            tries = len(first)
            assert await model.complete(HELLO) == await model.complete(HELLO) == "green"
            assert len(first) == tries

    run(scenario)
    assert len(answered) == 3


def test_a_first_that_is_there_again_answers_again(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with answering(tmp_path / "second", SECOND), pair(tmp_path) as model:
            assert await model.complete(HELLO) == "green"
            async with answering(tmp_path / "first", GOOD):
                await until(lambda: not model.stands_in)
                assert await model.complete(HELLO) == "red, blue"

    run(scenario)


def test_a_server_that_is_away_is_probed_less_and_less_often(tmp_path: Path) -> None:
    times: list[float] = []

    async def loading(writer: asyncio.StreamWriter) -> None:
        times.append(time.monotonic())
        await error(503, "")(writer)

    async def scenario() -> None:
        async with answering(tmp_path / "first", probe=loading):
            away = endpoint(tmp_path / "first", first_wait=0.05, longest_wait=0.2)
            away.failed(Unavailable("gone"))
            away.failed(Unavailable("still gone"))
            await until(lambda: len(times) == 5)
            await away.close()

    run(scenario)
    gaps = [later - earlier for earlier, later in pairwise(times)]
    for gap, least in zip(gaps, (0.1, 0.2, 0.2, 0.2), strict=True):
        assert gap >= least
    assert max(gaps) < 1


def test_nothing_switches_in_the_middle_of_an_answer(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with (
            answering(tmp_path / "first", events(delta("red"), cut=True)),
            answering(tmp_path / "second") as unasked,
            pair(tmp_path) as model,
        ):
            pieces = model.stream(HELLO)
            assert await anext(pieces) == "red"
            with pytest.raises(Unavailable, match="broke off"):
                await anext(pieces)
            assert not unasked

    run(scenario)


def test_what_is_full_is_asked_again_the_next_time(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with (
            answering(tmp_path / "first", error(429, "busy", "5"), GOOD),
            answering(tmp_path / "second", SECOND),
            pair(tmp_path) as model,
        ):
            assert await model.complete(HELLO) == "green"
            assert not model.stands_in
            assert await model.complete(HELLO) == "red, blue"

    run(scenario)


def test_a_socket_behind_which_nothing_runs_is_given_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(clients, "_ASIDE_SECONDS", 0.1)

    async def scenario() -> None:
        async with (
            answering(tmp_path / "second", SECOND),
            pair(tmp_path) as model,
            listening(tmp_path / "first"),
        ):
            begun = time.monotonic()
            assert await model.complete(HELLO) == "green"
            assert time.monotonic() - begun < 2
            assert model.stands_in

    run(scenario)


def test_a_slow_answer_is_waited_for_while_probes_are_answered(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with (
            answering(tmp_path / "first", after(0.5, GOOD)),
            answering(tmp_path / "second") as unasked,
            pair(tmp_path) as model,
        ):
            assert await model.complete(HELLO) == "red, blue"
            assert not unasked

    run(scenario)


def test_a_refusal_is_not_taken_elsewhere(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with (
            answering(tmp_path / "first", error(400, "too_large")),
            answering(tmp_path / "second") as unasked,
            pair(tmp_path) as model,
        ):
            with pytest.raises(TooLarge):
                await model.complete(HELLO)
            assert not unasked

    run(scenario)


def test_whichever_comes_first_is_waited_for_when_both_are_away(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with pair(tmp_path, patience=10) as model:
            asked = asyncio.create_task(model.complete(HELLO))
            await until(lambda: model.fallback.away_since is not None)
            assert not model.stands_in
            async with answering(tmp_path / "first", GOOD):
                assert await asked == "red, blue"
                assert model.first.away_since is None
        async with pair(tmp_path, patience=0.2) as model:
            with pytest.raises(Unavailable, match="not answering"):
                await model.complete(HELLO)

    run(scenario)


def test_embeddings_come_from_the_same_model_or_not_at_all(tmp_path: Path) -> None:
    async def scenario() -> None:
        first = tmp_path / "first"
        async with answering(tmp_path / "second", vectors, vectors) as second:
            same = FailoverModel(endpoint(first), endpoint(tmp_path / "second"), patience=1)
            assert await same.embed(["a"]) == [[1.0, 0.0]]
            other = FailoverModel(
                endpoint(first), endpoint(tmp_path / "second", "two"), patience=0.2
            )
            with pytest.raises(Unavailable):
                await other.embed(["a"])
            assert len(second) == 1
            await same.close()
            await other.close()

    run(scenario)


def test_both_servers_are_told_to_forget(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    told: list[str] = []
    ours = FastAPI()
    others = FastAPI()
    broken = FastAPI()

    @ours.delete("/v1/cache", status_code=204)
    async def forget(request: Request) -> None:
        told.append(request.scope["caller"])

    @broken.delete("/v1/cache")
    async def fail() -> Response:
        return Response(status_code=500)

    async def scenario() -> None:
        async with pair(tmp_path) as model:
            await model.forget()

    for second, warnings in ((others, 0), (broken, 1)):
        caplog.clear()
        with (
            served(ours, {"family": tmp_path / "first"}),
            served(second, {"family": tmp_path / "second"}),
            caplog.at_level(logging.WARNING, "hearth"),
        ):
            run(scenario)
        assert len(caplog.records) == warnings
    assert told == ["family", "family"]
    run(scenario)  # both are away
    assert "was away when it was to forget" in caplog.text


@pytest.fixture
def two_engines(models_dir: Path) -> Iterator[Path]:
    """A configuration of one pod whose engine has a fallback."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "hearth.toml"
        engine = 'chat_model = "smollm2-135m-instruct"\ncontext = 2048\nthreads = 1\n'
        path.write_text(
            f'models_dir = "{models_dir}"\n[engines.default]\n{engine}fallback = "spare"\n'
            f"[engines.spare]\n{engine}[pods.family]\n"
        )
        yield path


def test_a_real_server_that_is_killed_and_comes_back(two_engines: Path) -> None:
    settings = load(two_engines)

    async def scenario() -> None:
        model = engines.models(settings, "family")
        assert isinstance(model, FailoverModel)
        with running(two_engines, "spare"):
            with running(two_engines) as first:
                pieces = model.stream(STORY, max_tokens=1_000)
                assert await anext(pieces)
                assert engines.note(model) is None
                first.send_signal(signal.SIGKILL)
                with pytest.raises(Unavailable, match="broke off"):
                    async for _ in pieces:
                        pass
            assert await model.complete(HELLO, max_tokens=4)
            assert len(await model.embed(["a", "b"])) == 2
            assert "'spare' answers in its place" in str(engines.note(model))
            state = engines.state(model)
            assert state is not None
            assert (state.engine, state.stands_in_for) == ("spare", "default")
            with running(two_engines):
                await until(lambda: not model.stands_in)
                assert await model.complete(HELLO, max_tokens=4)
                assert engines.note(model) is None
        await model.close()

    run(scenario)


async def until(condition: Callable[[], bool]) -> None:
    await asyncio.to_thread(wait_until, condition)


@asynccontextmanager
async def listening(socket: Path) -> AsyncIterator[None]:
    """What a service manager does for a program that has not started: it takes connections."""

    async def hold(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    async with await asyncio.start_unix_server(hold, str(socket)):
        yield


def test_other_makers_refusals_are_understood(tmp_path: Path) -> None:
    told: dict[str, tuple[int, dict[str, Any], type[Exception]]] = {
        "llama-server, long": (
            400,
            {"error": {"code": 400, "message": "m", "type": "exceed_context_size_error"}},
            TooLarge,
        ),
        "llama-server, no embeddings": (
            501,
            {"error": {"code": 501, "message": "m", "type": "not_supported_error"}},
            BadInput,
        ),
        "llama-server, loading": (
            503,
            {"error": {"code": 503, "message": "m", "type": "unavailable_error"}},
            Unavailable,
        ),
        "OpenAI, long": (400, {"error": {"code": "context_length_exceeded"}}, TooLarge),
        "vLLM, full": (429, {"object": "error", "message": "m", "code": 429}, Busy),
        "FastAPI": (422, {"detail": [{"msg": "m"}]}, BadInput),
        "Ollama": (400, {"error": "m"}, BadInput),
    }

    def says(status: int, body: dict[str, Any]) -> Handler:
        content = json.dumps(body).encode()

        async def handle(writer: asyncio.StreamWriter) -> None:
            writer.write(
                b"HTTP/1.1 %d X\r\nconnection: close\r\ncontent-length: %d\r\n\r\n%s"
                % (status, len(content), content)
            )

        return handle

    async def scenario() -> None:
        for status, body, kind in told.values():
            async with answering(tmp_path / "s", says(status, body)):
                asked = endpoint(tmp_path / "s").client
                with pytest.raises(kind) as caught:
                    await asked.complete(HELLO)
                assert caught.type is kind
                await asked.close()

    run(scenario)
