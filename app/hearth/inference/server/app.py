"""The OpenAI-compatible HTTP API of a model server."""

from __future__ import annotations

import asyncio
from functools import lru_cache
from typing import Any

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse, Response
from sse_starlette import EventSourceResponse
from starlette.types import Receive, Scope, Send

from hearth.inference.generation import Answer
from hearth.inference.server import errors, tools, vectors
from hearth.inference.server.chat import generation
from hearth.inference.server.models import Models, not_found
from hearth.inference.server.reply import Reply
from hearth.inference.server.schemas import ChatRequest, EmbeddingsRequest, RerankRequest
from hearth.inference.server.template import ChatTemplate

_PING_SECONDS = 10  # a comment in a silent stream, so that neither side takes the other for dead


def create_app(models: Models) -> FastAPI:
    """The API over some models."""
    app = FastAPI(title="Hearth inference", openapi_url=None)
    errors.install(app)
    template_of = lru_cache(maxsize=16)(ChatTemplate)

    @app.post("/v1/chat/completions")
    async def chat(body: ChatRequest, request: Request) -> Response:
        name, _, adapter = body.model.partition(":")
        engine = await models.chat(name)
        if adapter and adapter not in engine.info.adapters:
            raise not_found(body.model, "chat")
        template = template_of(engine.info)
        work = await asyncio.to_thread(
            generation, template, body, _caller(request), adapter or None
        )
        answer = await engine.start(work)
        reply = Reply(body, answer, tools.parser(template, body))
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
        return await vectors.embed(await models.embedder(body.model), body, _caller(request))

    @app.post("/v1/rerank")
    async def rerank(body: RerankRequest, request: Request) -> dict[str, Any]:
        return await vectors.rerank(await models.reranker(body.model), body, _caller(request))

    @app.get("/v1/models")
    async def listed() -> dict[str, Any]:
        return {
            "object": "list",
            "data": [
                {"id": name, "object": "model", "created": 0, "owned_by": "hearth"}
                for name in models.names()
            ],
        }

    @app.delete("/v1/cache", status_code=204)
    async def forget(request: Request) -> None:
        await models.forget(_caller(request))

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


def _caller(request: Request) -> str:
    return str(request.scope.get("caller", "local"))
