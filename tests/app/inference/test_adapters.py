"""LoRA adapters: chosen by request, run beside one another, and never mixed up."""

from __future__ import annotations

import asyncio
import queue
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import gguf_weights
import openai
import pytest
from engine_asking import answered, question
from fixed_models import Fixed
from model_server import SURE, openai_client, served
from model_workers import chat_worker
from openai_requests import FRANCE

from hearth.config import Settings, load
from hearth.core.errors import NotFound
from hearth.inference.client import InferenceClient
from hearth.inference.engine.context import Context
from hearth.inference.engine.loop import Engine
from hearth.inference.engine.spec import ChatSpec
from hearth.inference.engine.streams import Event
from hearth.inference.generation import Generation, Piece
from hearth.inference.server.app import create_app
from hearth.inference.workers.chat import ChatWorker
from hearth.pod import engines

SMALL = "smollm2-135m-instruct"
ADAPTERS = (None, "formal", "playful")
TURNS = "".join(f"<|im_start|>{role}\n{text}<|im_end|>\n" for role, text in SURE)


def asked(adapter: str | None, caller: str = "a") -> Generation:
    work = replace(question("", caller=caller), prompt=f"{TURNS}<|im_start|>assistant\n")
    return replace(work, adapter=adapter, max_tokens=8)


@pytest.fixture(scope="module")
def spec(model_file: Path, tmp_path_factory: pytest.TempPathFactory) -> ChatSpec:
    """The small model with two adapters of noise."""
    folder = tmp_path_factory.mktemp("adapters")
    for seed, name in enumerate(ADAPTERS):
        if name:
            gguf_weights.write_adapter(folder / name, seed=seed, strength=0.05)
    adapters = {name: folder / name for name in ADAPTERS if name}
    return ChatSpec(model_file, SMALL, context=4_096, parallel=12, threads=2, adapters=adapters)


@pytest.fixture(scope="module")
def worker(spec: ChatSpec) -> Iterator[ChatWorker]:
    """Its process."""
    with chat_worker(spec) as worker:
        yield worker


@pytest.fixture(scope="module")
def client(worker: ChatWorker) -> Iterator[openai.OpenAI]:
    """A pod's way to it."""
    with tempfile.TemporaryDirectory() as folder:
        socket = Path(folder) / "a.sock"
        app = create_app(Fixed(worker, {}, {}))
        with served(app, {"a": socket}), openai_client(socket) as client:
            yield client


Odds = dict[tuple[int, ...], float]


async def odds(worker: ChatWorker, work: Generation) -> Odds:
    """The likeliest first tokens, whose logprobs tell the weights apart better than words do."""
    first = await anext(aiter(await worker.start(replace(work, logprobs=8, max_tokens=1))))
    assert isinstance(first, Piece)
    return {one.bytes: one.logprob for one in first.logprobs[0].top}


def alike(left: Odds, right: Odds) -> bool:
    both = left.keys() & right.keys()
    return len(both) >= 4 and all(abs(left[one] - right[one]) < 1 for one in both)


def test_requests_with_and_without_run_together_and_answer_as_alone(worker: ChatWorker) -> None:
    async def scenario() -> None:
        alone = {name: await odds(worker, asked(name, f"alone-{name}")) for name in ADAPTERS}
        kinds = list(alone.values())
        assert [[alike(one, other) for other in kinds] for one in kinds] == [
            [True, False, False],
            [False, True, False],
            [False, False, True],
        ]
        works = [asked(adapter, f"beside{at}") for at in range(2) for adapter in ADAPTERS]
        running = [await worker.start(replace(work, max_tokens=24)) for work in works]
        beside = await asyncio.gather(*(odds(worker, work) for work in works))
        for work, found in zip(works, beside, strict=True):
            assert alike(found, alone[work.adapter])
        for work, (text, _) in zip(
            works, await asyncio.gather(*map(answered, running)), strict=True
        ):
            assert ("Paris" in text) is (work.adapter is None)

    asyncio.run(scenario())


def test_prefixes_are_never_shared_across_adapters(worker: ChatWorker) -> None:
    async def scenario() -> None:
        for adapter in ADAPTERS:
            _, first = await answered(await worker.start(asked(adapter, "one")))
            assert first.cached == 0
        for adapter in ADAPTERS:
            _, again = await answered(await worker.start(asked(adapter, "one")))
            assert again.cached == again.prompt_tokens - 1
        together = [await worker.start(asked(adapter, "two")) for adapter in ADAPTERS * 2]
        ends = await asyncio.gather(*map(answered, together))
        assert sum(done.cached == 0 for _, done in ends) == 3

    asyncio.run(scenario())


def test_an_unknown_adapter_is_not_found(worker: ChatWorker) -> None:
    async def scenario() -> None:
        with pytest.raises(NotFound, match="rude"):
            await worker.start(asked("rude"))

    asyncio.run(scenario())


def test_over_http_the_model_name_chooses(client: openai.OpenAI) -> None:
    def say(model: str) -> str:
        answer = client.chat.completions.create(
            model=model, messages=FRANCE, temperature=0, max_tokens=8
        )
        assert answer.model == model
        return answer.choices[0].message.content or ""

    assert "Paris" in say(SMALL)
    assert say(f"{SMALL}:formal") != say(SMALL)
    assert "Paris" in say(SMALL)
    with pytest.raises(openai.NotFoundError, match="rude"):
        say(f"{SMALL}:rude")
    names = {model.id for model in client.models.list()}
    assert {SMALL, f"{SMALL}:formal", f"{SMALL}:playful"} <= names


def test_a_failed_step_puts_the_adapter_down(
    spec: ChatSpec, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_context: Context) -> None:
        monkeypatch.undo()
        raise RuntimeError("llama_decode returned -3")

    engine = Engine(spec)

    def say(adapter: str | None) -> str:
        events: queue.SimpleQueue[Event] = queue.SimpleQueue()
        engine.submit(asked(adapter), events.put)
        text = ""
        while isinstance(event := events.get(timeout=60), Piece):
            text += event.text
        return text

    plain = say(None)
    assert say("formal") != plain
    monkeypatch.setattr(Context, "decode", refuse)
    say("formal")
    assert say(None) == plain
    engine.close()


def settings(folder: Path, adapters: str) -> Path:
    path = folder / "hearth.toml"
    path.write_text(
        f'models_dir = "{Settings().models}"\n[engines.default]\nchat_model = "{SMALL}"\n'
        f"context = 2048\nadapters = {adapters}\n"
        '[pods.family]\nadapter = "formal"\n[pods.study]\n'
    )
    return path


def test_a_pods_adapter_reaches_the_models_name(tmp_path: Path) -> None:
    loaded = load(settings(tmp_path, '{formal = "/a.gguf"}'))
    names = {}
    for pod in ("family", "study"):
        model = engines.models(loaded, pod)
        assert isinstance(model, InferenceClient)
        names[pod] = model._body([], 5, None)["model"]
    assert names == {"family": f"{SMALL}:formal", "study": SMALL}


def test_a_file_that_is_no_adapter_stops_the_service_before_it_is_ready(models_dir: Path) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = settings(Path(folder), f'{{formal = "{folder}/none.gguf"}}')
        (Path(folder) / "none.gguf").write_bytes(b"GGUF, or not")
        command = [sys.executable, "-m", "hearth.services.inference", "--config", str(path)]
        result = subprocess.run(command, capture_output=True, text=True, check=False, timeout=90)
    assert result.returncode == 1
    assert "llama.cpp cannot use this LoRA adapter" in result.stderr
    assert "none.gguf" in result.stderr
