"""`make bench`: how fast one member is answered, and what the house itself costs."""

from __future__ import annotations

import asyncio
import json
import secrets
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import psutil
from httpx_sse import connect_sse
from report import Row, at_most, publish

sys.path.insert(0, str(Path(__file__).parents[1] / "app" / "e2e"))
from running import RunningHouse

from hearth.agent.prompt import conversation
from hearth.config import Settings
from hearth.core.ports import ChatMessage
from hearth.inference.client import InferenceClient
from hearth.inference.models.pull import pull
from hearth.services.instructions import of_engine

CHAT, SMALL, EMBEDDING = "qwen2.5-coder-1.5b-instruct", "smollm2-135m-instruct", "all-minilm-l6-v2"
ROUNDS = 5
TURNS = 100
TOKENS = 64
QUESTIONS = (
    "What is on tomorrow?",
    "When is the next parents' evening?",
    "What is Ben allergic to?",
)
POD_MEGABYTES, OVERHEAD_MS, KEPT_RATIO = 80, 20, 1 / 3


def main() -> None:
    """The benchmark."""
    models = Settings().models
    for name in (CHAT, SMALL, EMBEDDING):
        pull(name, models)
    rows = []
    with _house(models, CHAT) as house:
        rows += _memory(house, "idle, after its first reading")
        house.stop()
        house.start()
        rows += _memory(house, "idle")
        rows += asyncio.run(_model(house))
        house.ask("family", QUESTIONS[0])
        house.ask("family", QUESTIONS[2])
        rows += _memory(house, "after questions, vector index loaded")
    with _house(models, SMALL) as house:
        rows += _overhead(house)
    notes = (
        f"{CHAT} with the Family pod's own prompt; medians of {ROUNDS}. The overhead is that of "
        f"{TURNS} turns through hub and pod, less the time spent waiting for the model and the "
        f"embedder ({SMALL}, since the model's own time does not count)."
    )
    publish("turn", rows, notes)


@contextmanager
def _house(models: Path, chat_model: str) -> Iterator[RunningHouse]:
    with tempfile.TemporaryDirectory(prefix="hearth-bench-") as folder:
        house = RunningHouse(Path(folder), models, chat_model=chat_model)
        with house.started():
            yield house


def _memory(house: RunningHouse, when: str) -> list[Row]:
    """Resident set of each program."""
    assert house.process is not None
    rows = []
    for process in psutil.Process(house.process.pid).children():
        name = _program(process.cmdline())
        megabytes = process.memory_info().rss / 1e6
        if name.startswith("pod") and when.startswith("idle"):
            rows.append(at_most(f"RSS {name}, {when}", megabytes, "MB", POD_MEGABYTES))
        else:
            rows.append(Row(f"RSS {name}, {when}", megabytes, "MB"))
    return sorted(rows, key=lambda row: row.name)


def _program(command: list[str]) -> str:
    module = next(word for word in command if word.startswith("hearth.services."))
    pod = f"-{command[command.index('--pod') + 1]}" if "--pod" in command else ""
    return module.removeprefix("hearth.services.") + pod


async def _model(house: RunningHouse) -> list[Row]:
    """Time to first token, with the pod's prompt new to the server and with it kept."""
    socket = house.settings.socket("inference", "family")
    client = InferenceClient.over_socket(socket, chat_model=CHAT, embedding_model=EMBEDDING)
    cold, kept, speed = [], [], []
    instructions = of_engine(house.settings, "default")[0]
    for _ in range(ROUNDS):
        # A beginning that was never seen makes the whole prompt new.
        head = ChatMessage(role="system", content=f"{secrets.token_hex(4)} {instructions}")
        first, _ = await _stream(client, [head, *conversation((), QUESTIONS[0])])
        second, rate = await _stream(client, [head, *conversation((), QUESTIONS[1])])
        cold.append(first)
        kept.append(second)
        speed.append(rate)
    await client.close()
    ratio = statistics.median(kept) / statistics.median(cold)
    return [
        Row("time to first token, prompt new", statistics.median(cold), "s"),
        Row("time to first token, prompt kept", statistics.median(kept), "s"),
        at_most("kept / new", ratio, "", KEPT_RATIO),
        Row("generation, one member", statistics.median(speed), "tokens/s"),
    ]


async def _stream(client: InferenceClient, messages: list[ChatMessage]) -> tuple[float, float]:
    start = time.perf_counter()
    arrivals = [time.perf_counter() async for _ in client.stream(messages, max_tokens=TOKENS)]
    rate = (len(arrivals) - 1) / (arrivals[-1] - arrivals[0]) if len(arrivals) > 1 else 0.0
    return arrivals[0] - start, rate


def _overhead(house: RunningHouse) -> list[Row]:
    """Wall time of a turn as the caller sees it, less model and embedder."""
    transport = httpx.HTTPTransport(uds=str(house.settings.socket("hub", "console")))
    spent = []
    with httpx.Client(transport=transport, base_url="http://hub/api/v1/pods/family") as http:
        for number in range(TURNS + ROUNDS):
            overhead = _turn(http, QUESTIONS[number % len(QUESTIONS)])
            if number >= ROUNDS:  # the first ones load what is loaded once
                spent.append(overhead)
    ranked = statistics.quantiles(spent, n=100)
    return [
        Row("turn overhead, p50", ranked[49], "ms"),
        at_most("turn overhead, p99", ranked[98], "ms", OVERHEAD_MS),
    ]


def _turn(http: httpx.Client, question: str) -> float:
    start = time.perf_counter()
    accepted = http.post("/turns", json={"id": secrets.token_hex(16), "text": question}).json()
    with connect_sse(http, "GET", f"/turns/{accepted['turn']}/events", timeout=120) as source:
        for event in source.iter_sse():
            if event.event == "done":
                total = (time.perf_counter() - start) * 1000
                timings = json.loads(event.data)["timings"]
                return float(total - timings["model"] - timings["embedding"])
    raise RuntimeError(f"the turn {accepted['turn']} had no answer")


if __name__ == "__main__":
    main()
