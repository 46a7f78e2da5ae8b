"""The OpenAI-compatible HTTP API of a model server."""

from __future__ import annotations

import asyncio
import base64
import logging
import time
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from sse_starlette import EventSourceResponse
from starlette.types import Receive, Scope, Send

from hearth.core.errors import BadInput, HearthError, NotFound
from hearth.inference import metrics
from hearth.inference.generation import Answer, TextEmbedder, TextEngine
from hearth.inference.server.chat import Reply, generation, problem
from hearth.inference.server.schemas import ChatRequest, EmbeddingsRequest
from hearth.inference.server.template import ChatTemplate

_log = logging.getLogger("hearth.inference")
_PING_SECONDS = 10  # a comment in a silent stream, so that neither side takes the other for dead
_MOST_TEXTS = 2_048


def create_app(engine: TextEngine, embedder: TextEmbedder, embedding_model: str) -> FastAPI:
    """The API over one chat model and one embedding model."""
    app = FastAPI(title="Hearth inference", openapi_url=None)
    app.add_exception_handler(HearthError, _hearth_error)
    app.add_exception_handler(RequestValidationError, _validation_error)
    template = ChatTemplate(engine.info)

    @app.post("/v1/chat/completions")
    async def chat(body: ChatRequest, request: Request) -> Response:
        _known(body.model, engine.info.name)
        work = await asyncio.to_thread(generation, template, body, _caller(request))
        answer = await engine.start(work)
        reply = Reply(body, answer)
        if body.stream:
            return _Stream(reply, answer)
        watcher = asyncio.create_task(_close_when_gone(request, answer))
        try:
            return JSONResponse(await reply.whole())
        finally:
            watcher.cancel()
            answer.close()

    @app.post("/v1/embeddings")
    async def embeddings(body: EmbeddingsRequest, request: Request) -> dict[str, Any]:
        _known(body.model, embedding_model)
        return await _embed(embedder, body, _caller(request))

    @app.get("/v1/models")
    async def models() -> dict[str, Any]:
        names = (engine.info.name, embedding_model)
        return {
            "object": "list",
            "data": [
                {"id": name, "object": "model", "created": 0, "owned_by": "hearth"}
                for name in names
            ],
        }

    return app


class _Stream(EventSourceResponse):
    """A streamed answer, let go when the response ends for whatever reason."""

    def __init__(self, reply: Reply, answer: Answer) -> None:
        super().__init__(reply.chunks(), ping=_PING_SECONDS, sep="\n")
        self._answer = answer

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await super().__call__(scope, receive, send)
        finally:
            self._answer.close()


async def _close_when_gone(request: Request, answer: Answer) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass
    answer.close()


async def _embed(embedder: TextEmbedder, body: EmbeddingsRequest, caller: str) -> dict[str, Any]:
    texts = body.texts
    if not 1 <= len(texts) <= _MOST_TEXTS:
        raise BadInput(f"give 1 to {_MOST_TEXTS} texts, not {len(texts)}", where="input")
    started = time.monotonic()
    vectors = await embedder.embed(texts)
    if body.dimensions not in (None, vectors.shape[1]):
        raise BadInput(f"this model has {vectors.shape[1]} dimensions", where="dimensions")
    milliseconds = round(1000 * (time.monotonic() - started))
    _log.info("embed", extra={"caller": caller, "texts": len(texts), "total_ms": milliseconds})
    metrics.REQUESTS.labels("embeddings", caller, "ok").inc()
    data = [
        {"object": "embedding", "index": index, "embedding": _encoded(vector, body)}
        for index, vector in enumerate(vectors)
    ]
    usage = {"prompt_tokens": 0, "total_tokens": 0}
    return {"object": "list", "data": data, "model": body.model, "usage": usage}


def _encoded(vector: Any, body: EmbeddingsRequest) -> str | list[float]:
    if body.encoding_format == "base64":
        return base64.b64encode(vector.astype("<f4").tobytes()).decode()
    return [float(number) for number in vector]


def _known(model: str, served: str) -> None:
    if model != served:
        raise NotFound(
            f"this server has no model {model!r}", where="model", remedy=f"Use {served!r}."
        )


def _caller(request: Request) -> str:
    return str(request.scope.get("caller", "local"))


async def _hearth_error(_request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HearthError)
    # OpenAI's clients know 400 for every input that cannot be used.
    status = 400 if isinstance(error, BadInput) else error.status
    retry = {} if error.retry_after is None else {"retry-after": f"{error.retry_after:.0f}"}
    return JSONResponse(problem(error), status, headers=retry)


async def _validation_error(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)
    # Of a value with several shapes, the shape that fits furthest tells what is wrong with it.
    fault = max(error.errors(), key=lambda one: len(one["loc"]))
    parts = [str(part) for part in fault["loc"] if part != "body" and "[" not in str(part)]
    place = ".".join(parts)
    unknown = fault["type"] == "extra_forbidden"
    message = "this server does not know the field" if unknown else fault["msg"]
    remedy = "Remove it, or correct its spelling." if unknown else None
    return await _hearth_error(request, BadInput(message, where=place or None, remedy=remedy))
