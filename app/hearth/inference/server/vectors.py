"""Embeddings as OpenAI's API has them, and reranking as Jina's and Cohere's."""

from __future__ import annotations

import base64
import logging
import time
from typing import Any

from hearth.core.errors import BadInput
from hearth.inference import metrics
from hearth.inference.generation import TextEmbedder, TextReranker
from hearth.inference.server.schemas import EmbeddingsRequest, RerankRequest

_log = logging.getLogger("hearth.inference")
# Neither model says how many tokens it has read, and to count them apart would mean to read twice.
_USAGE = {"prompt_tokens": 0, "total_tokens": 0}


async def embed(embedder: TextEmbedder, body: EmbeddingsRequest, caller: str) -> dict[str, Any]:
    """A vector for each text."""
    started = time.monotonic()
    vectors = await embedder.embed(body.texts)
    if body.dimensions not in (None, vectors.shape[1]):
        raise BadInput(f"this model has {vectors.shape[1]} dimensions", where="dimensions")
    _finished("embeddings", caller, len(body.texts), started)
    data = [
        {"object": "embedding", "index": index, "embedding": _encoded(vector, body)}
        for index, vector in enumerate(vectors)
    ]
    return {"object": "list", "data": data, "model": body.model, "usage": _USAGE}


async def rerank(reranker: TextReranker, body: RerankRequest, caller: str) -> dict[str, Any]:
    """The documents' places by their scores, the best first."""
    started = time.monotonic()
    scores = await reranker.rank(body.query, body.documents)
    _finished("rerank", caller, len(body.documents), started)
    order = sorted(range(len(scores)), key=lambda index: scores[index], reverse=True)
    results = [
        {"index": index, "relevance_score": float(scores[index])}
        | ({"document": {"text": body.documents[index]}} if body.return_documents else {})
        for index in order[: body.top_n]
    ]
    return {"object": "list", "model": body.model, "results": results, "usage": _USAGE}


def _finished(kind: str, caller: str, texts: int, started: float) -> None:
    milliseconds = round(1000 * (time.monotonic() - started))
    _log.info(kind, extra={"caller": caller, "texts": texts, "total_ms": milliseconds})
    metrics.REQUESTS.labels(kind, caller, "ok").inc()


def _encoded(vector: Any, body: EmbeddingsRequest) -> str | list[float]:
    if body.encoding_format == "base64":
        return base64.b64encode(vector.astype("<f4").tobytes()).decode()
    return [float(number) for number in vector]
