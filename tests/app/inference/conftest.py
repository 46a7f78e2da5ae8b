"""A package index on loopback, and a real engine on the smallest model."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import openai
import pytest
from model_server import openai_client, served
from model_shop import Shop, open_shop
from model_workers import chat_worker, embedding_worker

from hearth.inference.engine.spec import ChatSpec
from hearth.inference.models.library import Library
from hearth.inference.server.app import create_app
from hearth.inference.workers.chat import ChatWorker
from hearth.inference.workers.sentences import SentenceWorker

SMALL = "smollm2-135m-instruct"
MINILM = "all-minilm-l6-v2"


@pytest.fixture
def shop(monkeypatch: pytest.MonkeyPatch) -> Iterator[Shop]:
    """A shop that is pip's index for this test."""
    with open_shop() as shop:
        monkeypatch.setenv("PIP_INDEX_URL", f"{shop.address}/simple")
        yield shop


@pytest.fixture(scope="session")
def model_file(models_dir: Path) -> Path:
    """The smallest real model."""
    return Library(models_dir).path_of(SMALL)


@pytest.fixture(scope="session")
def engine(model_file: Path) -> Iterator[ChatWorker]:
    """A real engine."""
    spec = ChatSpec(model_file, SMALL, context=4_096, parallel=4, waiting=8, threads=2)
    with chat_worker(spec) as worker:
        yield worker


@pytest.fixture(scope="session")
def embedder(models_dir: Path) -> Iterator[SentenceWorker]:
    """The real embedding model."""
    with embedding_worker(Library(models_dir).path_of(MINILM)) as worker:
        yield worker


@pytest.fixture(scope="session")
def sockets(engine: ChatWorker, embedder: SentenceWorker) -> Iterator[dict[str, Path]]:
    """A running model server's sockets by caller; a short path, as sun_path demands."""
    with tempfile.TemporaryDirectory() as folder:
        sockets = {caller: Path(folder) / f"{caller}.sock" for caller in ("family", "study")}
        with served(create_app(engine, embedder, MINILM), sockets):
            yield sockets


@pytest.fixture(scope="session")
def family(sockets: dict[str, Path]) -> Iterator[openai.OpenAI]:
    """The family pod's way to the server."""
    with openai_client(sockets["family"]) as client:
        yield client


@pytest.fixture(scope="session")
def study(sockets: dict[str, Path]) -> Iterator[openai.OpenAI]:
    """The study pod's way to the server."""
    with openai_client(sockets["study"]) as client:
        yield client
