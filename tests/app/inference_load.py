"""Eight clients at once on a real model server: what each is told must be its own, and whole."""

from __future__ import annotations

import asyncio
import json
import random
import tempfile
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import httpx
import psutil
from engine_programs import running

from hearth.config import Settings, load

MODEL = "smollm2-135m-instruct"
EMBEDDING = "all-minilm-l6-v2"
CAPITALS = {
    "France": "Paris",
    "Russia": "Moscow",
    "Germany": "Berlin",
    "England": "London",
    "Austria": "Vienna",
    "Greece": "Athens",
    "Ireland": "Dublin",
    "Hungary": "Budapest",
}
STUDY = ("England", "Greece")  # the pod with two clients; the family has six
LEAVES = 0.15  # share of the requests whose client goes away in mid-answer
CONFIGURATION = """models_dir = "{models}"
[engines.default]
chat_model = "{model}"
context = 8192
parallel = 4
threads = 2
[pods.family]
[pods.study]
"""


@dataclass(frozen=True)
class Client:
    """Asks only for what nobody else asks for. The model is sure of it: see model_server.SURE."""

    country: str
    background: bool = False

    @property
    def pod(self) -> str:
        """By whose socket it comes."""
        return "study" if self.country in STUDY else "family"

    @property
    def fact(self) -> str:
        """The answer to its question."""
        return f"The capital of {self.country} is {CAPITALS[self.country]}."

    @property
    def numbers(self) -> str:
        """Its way of counting."""
        return ", ".join(f"{self.country} {number}" for number in range(1, 11)) + "."

    @cached_property
    def bodies(self) -> tuple[dict[str, Any], ...]:
        """A fact, a list, and a document that must name it."""
        capital = f"What is the capital of {self.country}?"
        document: dict[str, Any] = {
            "type": "object",
            "properties": {"of": {"const": self.country}, "words": {"type": "string"}},
            "required": ["of", "words"],
            "additionalProperties": False,
        }
        document["properties"]["words"] |= {"minLength": 40, "maxLength": 60}
        form = {"type": "json_schema", "json_schema": {"name": "d", "schema": document}}
        return (
            self._body(capital, self.fact),
            self._body("Count.", self.numbers, temperature=0.5, top_p=0.8),
            self._body(capital, self.fact, response_format=form, max_tokens=120),
        )

    def _body(self, question: str, answer: str, **fields: Any) -> dict[str, Any]:
        asked = {"role": "user", "content": question}
        told = {"role": "assistant", "content": answer}
        tier = {"service_tier": "flex"} if self.background else {}
        before = {"role": "system", "content": f"{self.country}: answer as before."}
        body = {"model": MODEL, "messages": [before, *[asked, told] * 5, asked], "seed": 7}
        return body | {"temperature": 0, "max_tokens": 80, "stream": True} | tier | fields


@dataclass
class Seen:
    """What a load has shown."""

    answers: Counter[str] = field(default_factory=Counter)  # by pod
    background: int = 0
    left: int = 0
    memory: list[int] = field(default_factory=list)  # bytes, about each second

    @property
    def share(self) -> float:
        """Study's part of the answers; a quarter of the clients are its."""
        return self.answers["study"] / self.answers.total()

    @property
    def growth(self) -> float:
        """Of the memory, from the first tenth after warming up to the last."""
        part = max(len(self.memory) // 10, 1)
        first, last = self.memory[:part], self.memory[-part:]
        return sum(last) / len(last) / (sum(first) / len(first)) - 1


@asynccontextmanager
async def client_of(settings: Settings, pod: str) -> AsyncIterator[httpx.AsyncClient]:
    """A pod's way to the server."""
    transport = httpx.AsyncHTTPTransport(uds=str(settings.socket("inference", pod)))
    async with httpx.AsyncClient(
        transport=transport, base_url="http://inference", timeout=120
    ) as http:
        yield http


async def answer(http: httpx.AsyncClient, body: dict[str, Any], *, leave: int = 0) -> str | None:
    """A streamed answer, whole, or None for one that was left after so many pieces."""
    text, reason, pieces = "", None, 0
    async with http.stream("POST", "/v1/chat/completions", json=body) as response:
        assert response.status_code == 200, await response.aread()
        async for line in response.aiter_lines():
            if line == "data: [DONE]":
                assert reason == "stop", (text, reason)
                return text
            if line.startswith("data: "):
                (choice,) = json.loads(line.removeprefix("data: "))["choices"]  # or it is an error
                text += choice["delta"].get("content") or ""
                reason = choice["finish_reason"] or reason
                pieces += 1
                if pieces == leave:
                    return None
    raise AssertionError(f"a lost stream: {text!r}")


async def run(settings: Settings, process: int, *, warm: float, seconds: float) -> Seen:
    """Eight clients and one in the background for so long, the memory noted after `warm`."""
    seen = Seen()
    async with client_of(settings, "family") as family, client_of(settings, "study") as study:
        ways = {"family": family, "study": study}
        embedding = {"model": EMBEDDING, "input": "Is it loaded?"}  # it is soon, and large
        assert (await family.post("/v1/embeddings", json=embedding)).is_success
        clients = [Client(country) for country in CAPITALS] + [Client("Greece", background=True)]
        alone = {}
        for client in clients:
            sure = client.bodies[:2]  # a document's words are not sure
            alone[client] = [await answer(ways[client.pod], body) for body in sure]
        end = time.monotonic() + warm + seconds
        watcher = asyncio.create_task(_watch(process, warm, seen.memory))
        async with asyncio.TaskGroup() as group:
            for client in clients:
                group.create_task(_ask(client, ways[client.pod], alone[client], end, seen))
        watcher.cancel()
    return seen


async def _ask(
    client: Client, http: httpx.AsyncClient, alone: list[str | None], end: float, seen: Seen
) -> None:
    dice = random.Random(client.country)  # noqa: S311 - for the same load each time
    while time.monotonic() < end:
        if dice.random() < LEAVES and not client.background:
            seen.left += (
                await answer(http, dice.choice(client.bodies), leave=dice.randint(1, 8)) is None
            )
            continue
        texts = [await answer(http, body) for body in client.bodies]
        check(client, texts)
        assert texts[:2] == alone, (client, texts, alone)
        if client.background:
            seen.background += len(texts)
        else:
            seen.answers[client.pod] += len(texts)


def check(client: Client, texts: list[str | None]) -> None:
    """Each names what is the client's, and nothing that is another's."""
    fact, numbers, document = texts
    assert fact == client.fact
    assert numbers == client.numbers
    assert json.loads(document or "")["of"] == client.country
    others = CAPITALS.keys() - {client.country}
    assert not any(f'"{other}"' in (document or "") for other in others)


async def _watch(process: int, warm: float, memory: list[int]) -> None:
    await asyncio.sleep(warm)
    while True:
        memory.append(await asyncio.to_thread(tree_bytes, process))
        await asyncio.sleep(1)


def tree_bytes(process: int) -> int:
    """Resident memory of a process and of all that it has started.

    Not the proportional one, since that grows when a stranger with the same libraries ends.
    """
    root = psutil.Process(process)
    return sum(one.memory_info().rss for one in (root, *root.children(recursive=True)))


def measured(models: Path, *, warm: float, seconds: float) -> Seen:
    """Start the service, lean on it, and say what was seen; the figures are printed."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "hearth.toml"
        path.write_text(CONFIGURATION.format(models=models, model=MODEL))
        with running(path) as process:
            seen = asyncio.run(run(load(path), process.pid, warm=warm, seconds=seconds))
            children = psutil.Process(process.pid).children(recursive=True)
        assert children
        assert not psutil.wait_procs(children, 10)[1]  # they end with the service
    print(
        f"{seen.answers.total()} answers, {seen.background} in the background, {seen.left} left; "
        f"memory {seen.memory[-1] / 1e6:.0f} MB, {100 * seen.growth:+.2f} %; "
        f"study's share {seen.share:.2f}"
    )
    return seen
