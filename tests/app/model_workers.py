"""Real models in processes of their own, as hearth-inference starts them."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from hearth.inference.engine.spec import ChatSpec, SentenceSpec
from hearth.inference.workers.chat import ChatWorker
from hearth.inference.workers.sentences import SentenceWorker

COMMAND = [sys.executable, "-m", "hearth.services.model"]


@contextmanager
def chat_worker(spec: ChatSpec) -> Iterator[ChatWorker]:
    """A loaded chat model."""
    worker = ChatWorker(spec, COMMAND)
    try:
        worker.wait()
        yield worker
    finally:
        worker.close()


@contextmanager
def embedding_worker(folder: Path) -> Iterator[SentenceWorker]:
    """A loaded embedding model."""
    worker = SentenceWorker(SentenceSpec(path=folder, name=folder.name, threads=2), COMMAND)
    try:
        worker.wait()
        yield worker
    finally:
        worker.close()
