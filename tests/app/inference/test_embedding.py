"""The embedding model, and what happens where it cannot be loaded."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from model_workers import embedding_worker

from hearth.core.errors import Unavailable
from hearth.inference.workers.sentences import SentenceWorker


def test_a_folder_without_a_model_is_a_fault_that_is_told(tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match="cannot be loaded"), embedding_worker(tmp_path):
        pass


def test_many_texts_keep_their_order(embedder: SentenceWorker) -> None:
    texts = [f"number {number}" for number in range(40)]

    async def scenario() -> None:
        together = await embedder.embed(texts)
        assert together.shape == (40, 384)
        alone = await embedder.embed([texts[39]])
        assert float(together[39] @ alone[0]) == pytest.approx(1, abs=1e-4)

    asyncio.run(scenario())
