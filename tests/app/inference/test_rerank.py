"""A reranker in its own process: a real cross-encoder, though one that has learned nothing."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from model_workers import COMMAND
from transformers import AutoTokenizer, BertConfig, BertForSequenceClassification

from hearth.inference.engine.spec import SentenceSpec
from hearth.inference.models.library import Library
from hearth.inference.workers.sentences import SentenceWorker

DOCUMENTS = [f"Document {number} is about the heating." for number in range(40)]


@pytest.fixture(scope="module")
def folder(models_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small cross-encoder with random weights and MiniLM's tokenizer."""
    folder = tmp_path_factory.mktemp("cross-encoder")
    tokenizer = AutoTokenizer.from_pretrained(Library(models_dir).path_of("all-minilm-l6-v2"))
    tokenizer.save_pretrained(folder)
    config = BertConfig(
        vocab_size=len(tokenizer),
        hidden_size=32,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=64,
        initializer_range=0.5,
    )
    config.num_labels = 1
    BertForSequenceClassification(config).save_pretrained(folder)
    return folder


def test_every_document_gets_the_score_that_it_gets_alone(folder: Path) -> None:
    worker = SentenceWorker(SentenceSpec(path=folder, name="small", kind="rerank"), COMMAND)
    worker.wait()

    async def scenario() -> None:
        together = await worker.rank("When is the heating serviced?", DOCUMENTS)
        assert len(together) == len(DOCUMENTS)
        assert len(set(together)) > 1
        for at in (0, 17, 39):
            alone = await worker.rank("When is the heating serviced?", [DOCUMENTS[at]])
            assert alone[0] == pytest.approx(together[at], abs=1e-3)

    try:
        asyncio.run(scenario())
    finally:
        worker.close()
