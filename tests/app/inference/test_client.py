"""The pods' client: it waits out a restart, and never takes a cut answer for a short one."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
from model_server import SURE
from raw_server import GOOD, Handler, answering, delta, error, events, hang_up

from hearth.core.errors import BadInput, NotFound, TooLarge, Unavailable
from hearth.core.ports import ChatMessage
from hearth.inference.client import InferenceClient

HELLO = [ChatMessage(role="user", content="Name three colours.")]


def client(socket: Path, *, patience: float = 10) -> InferenceClient:
    transport = httpx.AsyncHTTPTransport(uds=str(socket))
    http = httpx.AsyncClient(transport=transport, base_url="http://inference/v1", timeout=20)
    return InferenceClient(
        http,
        chat_model="smollm2-135m-instruct",
        embedding_model="all-minilm-l6-v2",
        patience=patience,
    )


async def gather(stream: AsyncIterator[str], into: list[str]) -> None:
    async for piece in stream:
        into.append(piece)  # noqa: PERF401 - what comes before an error counts


def test_a_real_answer(sockets: dict[str, Path]) -> None:
    async def scenario() -> None:
        real = InferenceClient.at_url(
            f"unix://{sockets['family']}",
            chat_model="smollm2-135m-instruct",
            embedding_model="all-minilm-l6-v2",
        )
        sure = [ChatMessage(role=role, content=text) for role, text in SURE]
        whole = await real.complete(sure, max_tokens=12)
        pieces = [piece async for piece in real.stream(sure, max_tokens=12)]
        assert "".join(pieces) == whole
        assert len(pieces) > 1
        schema = {"enum": ["red", "blue"]}
        assert json.loads(await real.complete(HELLO, schema=schema)) in schema["enum"]
        vectors = await real.embed([f"text {number}" for number in range(70)])
        assert len(vectors) == 70
        assert sum(number**2 for number in vectors[69]) == pytest.approx(1)
        with pytest.raises(TooLarge):
            await real.complete([ChatMessage(role="user", content="word " * 5_000)])
        await real.close()

    asyncio.run(scenario())


def test_a_server_that_is_not_there_yet_is_waited_for(tmp_path: Path) -> None:
    async def scenario() -> None:
        asked = asyncio.create_task(client(tmp_path / "s").complete(HELLO))
        await asyncio.sleep(0.3)
        async with answering(tmp_path / "s", GOOD):
            assert await asked == "red, blue"

    asyncio.run(scenario())


@pytest.mark.parametrize(
    "fault",
    [
        hang_up,
        events(cut=True),
        events(json.dumps({"error": {"message": "engine died", "code": "unavailable"}})),
        events(),
        error(503, "unavailable"),
        error(429, "busy", "5"),
        error(502, ""),
    ],
)
def test_what_fails_before_the_first_piece_is_tried_again(tmp_path: Path, fault: Handler) -> None:
    async def scenario() -> None:
        async with answering(tmp_path / "s", fault, GOOD) as requests:
            pieces = [piece async for piece in client(tmp_path / "s").stream(HELLO)]
            assert pieces == ["red", ", blue"]
            assert requests[0] == requests[1]

    asyncio.run(scenario())


@pytest.mark.parametrize(
    "cut",
    [
        events(delta("red"), cut=True),
        events(delta("red")),
        events(delta("red"), "[DONE]"),
        events(delta("red"), json.dumps({"error": {"message": "engine died"}})),
    ],
)
def test_a_cut_stream_is_an_error_and_a_cut_completion_is_repeated(
    tmp_path: Path, cut: Handler
) -> None:
    async def scenario() -> None:
        async with answering(tmp_path / "s", cut, cut, GOOD):
            pieces: list[str] = []
            with pytest.raises(Unavailable):
                await gather(client(tmp_path / "s").stream(HELLO), pieces)
            assert pieces == ["red"]
            assert await client(tmp_path / "s").complete(HELLO) == "red, blue"

    asyncio.run(scenario())


@pytest.mark.parametrize(
    ("status", "code", "kind"),
    [(400, "bad_input", BadInput), (404, "not_found", NotFound), (400, "", BadInput)],
)
def test_a_refusal_is_passed_on_at_once(
    tmp_path: Path, status: int, code: str, kind: type[Exception]
) -> None:
    async def scenario() -> None:
        async with answering(tmp_path / "s", error(status, code)) as requests:
            with pytest.raises(kind, match="no good"):
                await client(tmp_path / "s").complete(HELLO)
            assert len(requests) == 1

    asyncio.run(scenario())


def test_a_document_that_was_cut_is_no_document(tmp_path: Path) -> None:
    cut = events(delta('{"a": '), delta(None, "length"), "[DONE]")

    async def scenario() -> None:
        async with answering(tmp_path / "s", cut, cut):
            with pytest.raises(BadInput, match="256 tokens"):
                await client(tmp_path / "s").complete(HELLO, schema={"type": "object"})
            assert await client(tmp_path / "s").complete(HELLO) == '{"a": '

    asyncio.run(scenario())


def test_patience_ends(tmp_path: Path) -> None:
    async def scenario() -> None:
        impatient = client(tmp_path / "nothing", patience=0.2)
        for asked in (impatient.complete(HELLO), impatient.embed(["x"])):
            with pytest.raises(Unavailable, match="not answering") as caught:
                await asked
            assert caught.value.retry_after

    asyncio.run(scenario())


def test_vectors_of_another_makers_server_are_normalised(tmp_path: Path) -> None:
    body = json.dumps(
        {"data": [{"index": 1, "embedding": [0, 2]}, {"index": 0, "embedding": [3, 4]}]}
    ).encode()

    async def plain(writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n%s" % (len(body), body))

    async def scenario() -> None:
        async with answering(tmp_path / "s", plain):
            vectors = await client(tmp_path / "s").embed(["a", "b"])
            assert vectors[0] == pytest.approx([0.6, 0.8])
            assert vectors[1] == pytest.approx([0, 1])

    asyncio.run(scenario())


def test_the_client_is_light() -> None:
    program = (
        "import sys, hearth.inference.client\n"
        "heavy = {'numpy', 'torch', 'llama_cpp', 'fastapi', 'jinja2'} & set(sys.modules)\n"
        "sys.exit(str(heavy) if heavy else 0)"
    )
    result = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False
    )
    assert result.returncode == 0, result.stderr
