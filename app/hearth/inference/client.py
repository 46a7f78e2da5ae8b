"""The pods' way to a model: this box's server, or any other OpenAI-compatible one.

Kept light on purpose: every pod imports it.
"""

from __future__ import annotations

import asyncio
import base64
import json
import logging
import math
import re
import time
from array import array
from collections.abc import AsyncGenerator, AsyncIterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import httpx
from httpx_sse import aconnect_sse

from hearth.core import errors
from hearth.core.ports import ChatMessage
from hearth.inference.problems import cut, refusal, unreachable

PATIENCE_SECONDS = 45.0  # a restarting server loads its model within this
# Between two bytes of a stream; our server pings every ten seconds, others may be silent for long.
_TIMEOUT = httpx.Timeout(300, connect=10)
_FIRST_WAIT, _LONGEST_WAIT = 0.1, 2.0  # seconds
_UNKNOWN = {404, 405, 501}  # what a server answers that has no such request
_ASIDE_SECONDS = 5.0  # for what no answer depends on
_TEXTS = 64  # that one embedding request carries
# What may be gone when the same request is sent again.
_PASSING = (httpx.TransportError, errors.Busy, errors.Unavailable)
_VERSION = re.compile(r"/v\d[^/]*(/|$)")  # that the address itself names: /v1, /v1/projects/NAME
_log = logging.getLogger(__name__)


class InferenceClient:
    """A ChatModel and an Embedder over HTTP. Raises core.errors."""

    def __init__(
        self,
        http: httpx.AsyncClient,
        *,
        chat_model: str,
        embedding_model: str,
        routing_model: str | None = None,  # that answers under a schema; the chat model if None
        patience: float = PATIENCE_SECONDS,
    ) -> None:
        self._http = http
        self._chat_model = chat_model
        self._routing_model = routing_model or chat_model
        self.embedding_model = embedding_model
        self._patience = patience

    @classmethod
    def at_url(
        cls,
        url: str,
        *,
        chat_model: str,
        embedding_model: str,
        routing_model: str | None = None,
        patience: float = PATIENCE_SECONDS,
    ) -> InferenceClient:
        """An endpoint as the configuration names it: unix:///PATH, or http(s)://HOST[/…/v1]."""
        if url.startswith("unix://"):
            transport = httpx.AsyncHTTPTransport(uds=url.removeprefix("unix://"))
            http = httpx.AsyncClient(
                transport=transport, base_url="http://inference/v1", timeout=_TIMEOUT
            )
        else:
            base = url.rstrip("/")
            base = base if _VERSION.search(base) else f"{base}/v1"
            http = httpx.AsyncClient(base_url=base, timeout=_TIMEOUT)
        return cls(
            http,
            chat_model=chat_model,
            embedding_model=embedding_model,
            routing_model=routing_model,
            patience=patience,
        )

    @classmethod
    def over_socket(
        cls,
        socket: Path,
        *,
        chat_model: str,
        embedding_model: str,
        patience: float = PATIENCE_SECONDS,
    ) -> InferenceClient:
        """The server that listens on a Unix socket."""
        return cls.at_url(
            f"unix://{socket}",
            chat_model=chat_model,
            embedding_model=embedding_model,
            patience=patience,
        )

    async def close(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    async def complete(
        self,
        messages: Sequence[ChatMessage],
        *,
        schema: Mapping[str, Any] | None = None,
        max_tokens: int = 256,
    ) -> str:
        """The whole reply; under a JSON schema it is a document that satisfies it."""
        body = self._body(messages, max_tokens, schema)
        patience = Patience(self._patience)
        while True:
            try:
                pieces = [piece async for piece in self._answer(body, whole=schema is not None)]
                return "".join(pieces)
            except _PASSING as error:
                await patience.after(error)

    async def stream(
        self, messages: Sequence[ChatMessage], *, max_tokens: int = 256
    ) -> AsyncGenerator[str]:
        """The reply in pieces. Waits out a restart before the first piece; after it, raises."""
        body = self._body(messages, max_tokens, None)
        patience = Patience(self._patience)
        begun = finished = False
        while not finished:
            try:
                async for piece in self._answer(body, whole=False):
                    begun = True
                    yield piece
                finished = True
            except _PASSING as error:
                if begun:
                    raise cut() from error
                await patience.after(error)

    async def embed(self, texts: Sequence[str]) -> list[list[float]]:
        """One L2-normalised vector of equal dimension for each text, in order."""
        vectors: list[list[float]] = []
        for at in range(0, len(texts), _TEXTS):
            vectors += await self._embed(texts[at : at + _TEXTS])
        return vectors

    async def answers(self) -> bool:
        """Whether the server is there and has its model; a refusal is an answer."""
        try:
            response = await self._http.get("/models", timeout=_ASIDE_SECONDS)
        except httpx.HTTPError:
            return False
        return response.status_code < httpx.codes.INTERNAL_SERVER_ERROR

    async def forget(self) -> None:
        """Have the server drop what its memory keeps of this pod's prompts, if it can and is there.

        The memory of a server that is away is gone anyway, and other makers' know no such request.
        """
        try:
            response = await self._http.delete("/cache", timeout=_ASIDE_SECONDS)
        except httpx.HTTPError as error:
            _log.warning("the model server was away when it was to forget: %r", error)
            return
        if response.is_error and response.status_code not in _UNKNOWN:
            _log.warning("the model server did not forget: it answered %d", response.status_code)

    async def _embed(self, texts: Sequence[str]) -> list[list[float]]:
        body = {
            "model": self.embedding_model,
            "input": list(texts),
            "encoding_format": "base64",
        }
        patience = Patience(self._patience)
        while True:
            try:
                response = await self._http.post("/embeddings", json=body)
                if response.is_error:
                    raise refusal(response.status_code, response.content, response.headers)
                data = sorted(response.json()["data"], key=lambda entry: int(entry["index"]))
                return [_vector(entry["embedding"]) for entry in data]
            except _PASSING as error:
                await patience.after(error)

    async def _answer(self, body: dict[str, Any], *, whole: bool) -> AsyncIterator[str]:
        """One try. A stream without a finish reason is an error, never a short answer."""
        finished = None
        async with aconnect_sse(self._http, "POST", "/chat/completions", json=body) as source:
            if source.response.is_error:
                content = await source.response.aread()
                raise refusal(source.response.status_code, content, source.response.headers)
            async for event in source.aiter_sse():
                if event.data == "[DONE]":
                    break
                chunk = json.loads(event.data)
                if "error" in chunk:
                    raise refusal(503, event.data.encode(), {})
                for choice in chunk.get("choices") or ():
                    finished = choice.get("finish_reason") or finished
                    if piece := (choice.get("delta") or {}).get("content"):
                        yield piece
        if finished is None:
            raise httpx.RemoteProtocolError("the stream ended before the answer did")
        if whole and finished == "length":
            raise errors.BadInput(
                f"the model needs more than {body['max_tokens']} tokens for this answer",
                where="max_tokens",
            )

    def _body(
        self,
        messages: Sequence[ChatMessage],
        max_tokens: int,
        schema: Mapping[str, Any] | None,
    ) -> dict[str, Any]:
        body: dict[str, Any] = {
            "model": self._chat_model if schema is None else self._routing_model,
            "messages": [message.model_dump() for message in messages],
            "max_tokens": max_tokens,
            "temperature": 0,
            "stream": True,
        }
        if schema is not None:
            form = {"name": "answer", "schema": dict(schema), "strict": True}
            body["response_format"] = {"type": "json_schema", "json_schema": form}
        return body


class Patience:
    """Waits between tries, longer each time, until it ends."""

    def __init__(self, seconds: float) -> None:
        self._end = time.monotonic() + seconds
        self._wait = _FIRST_WAIT

    async def after(self, error: Exception) -> None:
        """Wait before another try; raises the error in our words when patience has ended."""
        if time.monotonic() + self._wait > self._end:
            raise error if isinstance(error, errors.HearthError) else unreachable() from error
        await asyncio.sleep(self._wait)
        self._wait = min(2 * self._wait, _LONGEST_WAIT)


def _vector(value: str | list[float]) -> list[float]:
    if isinstance(value, str):
        numbers = array("f")
        numbers.frombytes(base64.b64decode(value))
        value = numbers.tolist()
    length = math.sqrt(sum(number * number for number in value)) or 1.0
    return [number / length for number in value]
