"""Embeddings by OpenAI's own client, and reranking, which it does not have."""

from __future__ import annotations

from collections.abc import Sequence

import httpx
import openai
import pytest
from openai_requests import EMBEDDING
from scripted_engine import stage


def test_embeddings_are_unit_vectors_in_order(family: openai.OpenAI) -> None:
    texts = ["The cat sleeps.", "A kitten is napping.", "Quarterly tax return"]
    coded = family.embeddings.create(model=EMBEDDING, input=texts)
    plain = family.embeddings.create(model=EMBEDDING, input=texts[0], encoding_format="float")
    cat, kitten, tax = (entry.embedding for entry in coded.data)
    assert len(cat) == 384
    assert dot(cat, cat) == pytest.approx(1, abs=1e-5)
    assert dot(cat, kitten) > dot(cat, tax) + 0.3
    assert plain.data[0].embedding == pytest.approx(cat, abs=1e-5)


def dot(left: list[float], right: list[float]) -> float:
    return sum(a * b for a, b in zip(left, right, strict=True))


def test_bad_embedding_requests_are_refused(family: openai.OpenAI) -> None:
    for fields, place in (
        ({"input": []}, "input"),
        ({"input": "a", "dimensions": 3}, "dimensions"),
    ):
        with pytest.raises(openai.BadRequestError) as caught:
            family.embeddings.create(model=EMBEDDING, **fields)
        assert caught.value.param == place
    with pytest.raises(openai.NotFoundError):
        family.embeddings.create(model="smollm2-135m-instruct", input="a")


class Lengths:
    """Ranks by length, as if the longest answered best."""

    async def rank(self, query: str, documents: Sequence[str]) -> Sequence[float]:
        return [float(len(document)) for document in documents]


DOCUMENTS = ["bb", "a", "dddd", "ccc"]


def rerank(http: httpx.Client, **fields: object) -> httpx.Response:
    body = {"model": "lengths", "query": "What is long?", "documents": DOCUMENTS}
    return http.post("/v1/rerank", json=body | fields)


def test_documents_are_ranked() -> None:
    with stage(rerankers={"lengths": Lengths()}) as on:
        answer = rerank(on.http).json()
        best = rerank(on.http, top_n=1, return_documents=True).json()["results"]
        listed = [model.id for model in on.openai.models.list()]
        unknown = rerank(on.http, model="other")
        empty = rerank(on.http, documents=[])
    assert answer["model"] == "lengths"
    assert [result["index"] for result in answer["results"]] == [2, 3, 0, 1]
    assert [result["relevance_score"] for result in answer["results"]] == [4, 3, 2, 1]
    assert best == [{"index": 2, "relevance_score": 4, "document": {"text": "dddd"}}]
    assert listed == ["scripted", "lengths"]
    assert unknown.status_code == 404
    assert empty.json()["error"]["param"] == "documents"
