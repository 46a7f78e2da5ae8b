"""A model server whose tool calls are scripted; everything behind and before it is real."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Sequence
from typing import Any

from fakes import HashingEmbedder
from fastapi import FastAPI, Request
from sse_starlette import EventSourceResponse

Script = Sequence[tuple[str, str, dict[str, str]]]  # a word of the question, the tool, arguments


class ScriptedModel:
    """Speaks OpenAI's protocol: chooses tools by `script`, and leaves the wording to the tools."""

    def __init__(self, script: Script) -> None:
        self._script = script
        self._embedder = HashingEmbedder()
        self.app = FastAPI()
        self.app.add_api_route("/v1/embeddings", self._embeddings, methods=["POST"])
        self.app.add_api_route(
            "/v1/chat/completions", self._chat, methods=["POST"], response_model=None
        )

    async def _embeddings(self, request: Request) -> dict[str, Any]:
        texts = (await request.json())["input"]
        vectors = await self._embedder.embed(texts)
        return {"data": [{"index": at, "embedding": each} for at, each in enumerate(vectors)]}

    async def _chat(self, request: Request) -> EventSourceResponse:
        return EventSourceResponse(_stream(self._reply(await request.json())))

    def _reply(self, body: dict[str, Any]) -> str:
        form = body.get("response_format")
        if form is None:
            return ""
        options = form["json_schema"]["schema"]["oneOf"]
        offered = {option["properties"]["tool"]["const"]: option for option in options}
        question = body["messages"][-1]["content"].lower()
        for word, tool, arguments in self._script:
            if word in question and tool in offered:
                return json.dumps({"tool": tool, "arguments": _filled(offered[tool], arguments)})
        first = next(iter(offered))
        return json.dumps({"tool": first, "arguments": _filled(offered[first], {})})


def _filled(option: dict[str, Any], known: dict[str, str]) -> dict[str, Any]:
    fields = option["properties"]["arguments"].get("properties", {})
    return {name: known.get(name, _empty(field)) for name, field in fields.items()}


def _empty(field: dict[str, Any]) -> str | int:
    if "enum" in field:
        return str(field["enum"][0])
    return int(field.get("minimum", 1)) if field.get("type") == "integer" else ""


async def _stream(text: str) -> AsyncIterator[str]:
    for delta, finish in (({"content": text}, None), ({}, "stop")):
        yield json.dumps({"choices": [{"index": 0, "delta": delta, "finish_reason": finish}]})
    yield "[DONE]"
