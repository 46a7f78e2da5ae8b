"""An engine that plays answers from a script, for what the small model does not write by itself."""

from __future__ import annotations

import tempfile
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import openai
from fixed_models import Fixed
from model_server import openai_client, served

from hearth.core.errors import HearthError
from hearth.inference.generation import Done, Generation, ModelInfo, Piece, TextReranker
from hearth.inference.server.app import create_app

NAME = "scripted"
QWEN = "{% if tools %}<tool_call>{{ tools | tojson }}{% endif %}{{ messages | tojson }}"
MISTRAL = "{{ tools | tojson }}[TOOL_CALLS][ARGS]{{ messages | tojson }}"
MISTRAL_LIST = "{{ tools | tojson }}[TOOL_CALLS][{{ messages | tojson }}"
PLAIN = "{{ tools | tojson }}{{ messages | tojson }}"
Step = Piece | Done | HearthError


class _Answer:
    def __init__(self, steps: Sequence[Step]) -> None:
        self._steps = steps

    async def __aiter__(self) -> AsyncIterator[Piece | Done]:
        for step in self._steps:
            if isinstance(step, HearthError):
                raise step
            yield step

    def close(self) -> None:
        """Nothing runs."""


@dataclass
class Scripted:
    """Plays one answer a request, and keeps what it was asked."""

    info: ModelInfo
    answers: list[Sequence[Step] | HearthError] = field(default_factory=list)
    asked: list[Generation] = field(default_factory=list)
    forgotten: list[str] = field(default_factory=list)

    def says(self, *texts: str, length: bool = False) -> None:
        """The next answer, in pieces."""
        done = Done("length" if length else "stop", 7, len(texts), 3)
        self.answers.append([*map(Piece, texts), done])

    async def start(self, work: Generation) -> _Answer:
        self.asked.append(work)
        answer = self.answers.pop(0)
        if isinstance(answer, HearthError):
            raise answer
        return _Answer(answer)

    async def forget(self, caller: str) -> None:
        self.forgotten.append(caller)


@dataclass(frozen=True)
class Stage:
    """A scripted engine behind the real API."""

    engine: Scripted
    openai: openai.OpenAI
    http: httpx.Client

    @property
    def work(self) -> Generation:
        """What the engine was asked last."""
        return self.engine.asked[-1]


@contextmanager
def stage(
    template: str | None = None,
    *,
    adapters: tuple[str, ...] = (),
    control: frozenset[str] = frozenset(),
    rerankers: dict[str, TextReranker] | None = None,
) -> Iterator[Stage]:
    """Serve a scripted engine to a pod called family."""
    engine = Scripted(ModelInfo(NAME, template, "", "<|im_end|>", 4_096, control, adapters))
    app = create_app(Fixed(engine, {}, rerankers or {}))
    with tempfile.TemporaryDirectory() as folder:
        socket = Path(folder) / "family.sock"
        transport = httpx.HTTPTransport(uds=str(socket))
        with (
            served(app, {"family": socket}),
            openai_client(socket) as client,
            httpx.Client(transport=transport, base_url="http://inference") as http,
        ):
            yield Stage(engine, client, http)
