"""The pods' way to a model: this box's server, or any other OpenAI-compatible one.

Kept light on purpose: every pod imports it.
"""

from __future__ import annotations

import asyncio
import base64
import json
import math
import time
from array import array
from collections.abc import AsyncIterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import httpx
from httpx_sse import aconnect_sse

from hearth.core import errors
from hearth.core.ports import ChatMessage

PATIENCE_SECONDS = 45.0  # a restarting server loads its model within this
# Between two bytes of a stream; our server pings every ten seconds, others may be silent for long.
_TIMEOUT = httpx.Timeout(300, connect=10)
_FIRST_WAIT, _LONGEST_WAIT = 0.1, 2.0  # seconds
_TEXTS = 64  # that one embedding request carries
_BY_CODE: dict[str, type[errors.HearthError]] = {
    kind.code: kind
    for kind in (errors.BadInput, errors.TooLarge, errors.NotFound, errors.Busy, errors.Unavailable)
}
# What may be gone when the same request is sent again.
_PASSING = (httpx.TransportError, errors.Busy, errors.Unavailable)


class InferenceClient:
    """A ChatModel and an Embedder over HTTP. Raises core.errors."""

    def __init__(
        self,
        http: httpx.AsyncClient,
        *,
        chat_model: str,
        embedding_model: str,
        patience: float = PATIENCE_SECONDS,
    ) -> None:
        self._http = http
        self._chat_model = chat_model
        self._embedding_model = embedding_model
        self._patience = patience

    @classmethod
    def over_socket(cls, socket: Path, *, chat_model: str, embedding_model: str) -> InferenceClient:
        """The server that listens on a Unix socket."""
        transport = httpx.AsyncHTTPTransport(uds=str(socket))
        http = httpx.AsyncClient(
            transport=transport, base_url="http://inference/v1", timeout=_TIMEOUT
        )
        return cls(http, chat_model=chat_model, embedding_model=embedding_model)

    @classmethod
    def at_url(cls, url: str, *, chat_model: str, embedding_model: str) -> InferenceClient:
        """An endpoint as the configuration names it: unix:///PATH, or http(s)://HOST[/v1]."""
        if url.startswith("unix://"):
            path = Path(url.removeprefix("unix://"))
            return cls.over_socket(path, chat_model=chat_model, embedding_model=embedding_model)
        base = url.rstrip("/")
        base = base if base.endswith("/v1") else f"{base}/v1"
        http = httpx.AsyncClient(base_url=base, timeout=_TIMEOUT)
        return cls(http, chat_model=chat_model, embedding_model=embedding_model)

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
        patience = _Patience(self._patience)
        while True:
            try:
                pieces = [piece async for piece in self._answer(body, whole=schema is not None)]
                return "".join(pieces)
            except _PASSING as error:
                await patience.after(error)

    async def stream(
        self, messages: Sequence[ChatMessage], *, max_tokens: int = 256
    ) -> AsyncIterator[str]:
        """The reply in pieces. Waits out a restart before the first piece; after it, raises."""
        body = self._body(messages, max_tokens, None)
        patience = _Patience(self._patience)
        begun = finished = False
        while not finished:
            try:
                async for piece in self._answer(body, whole=False):
                    begun = True
                    yield piece
                finished = True
            except _PASSING as error:
                if begun:
                    raise _cut() from error
                await patience.after(error)

    async def embed(self, texts: Sequence[str]) -> list[list[float]]:
        """One L2-normalised vector of equal dimension for each text, in order."""
        vectors: list[list[float]] = []
        for at in range(0, len(texts), _TEXTS):
            vectors += await self._embed(texts[at : at + _TEXTS])
        return vectors

    async def _embed(self, texts: Sequence[str]) -> list[list[float]]:
        body = {
            "model": self._embedding_model,
            "input": list(texts),
            "encoding_format": "base64",
        }
        patience = _Patience(self._patience)
        while True:
            try:
                response = await self._http.post("/embeddings", json=body)
                if response.is_error:
                    raise _error(response.status_code, response.content, response.headers)
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
                raise _error(source.response.status_code, content, source.response.headers)
            async for event in source.aiter_sse():
                if event.data == "[DONE]":
                    break
                chunk = json.loads(event.data)
                if "error" in chunk:
                    raise _error(503, event.data.encode(), {})
                for choice in chunk["choices"]:
                    finished = choice.get("finish_reason") or finished
                    if piece := choice["delta"].get("content"):
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
            "model": self._chat_model,
            "messages": [message.model_dump() for message in messages],
            "max_tokens": max_tokens,
            "temperature": 0,
            "stream": True,
        }
        if schema is not None:
            form = {"name": "answer", "schema": dict(schema), "strict": True}
            body["response_format"] = {"type": "json_schema", "json_schema": form}
        return body


class _Patience:
    """Waits between tries, longer each time, until it ends."""

    def __init__(self, seconds: float) -> None:
        self._end = time.monotonic() + seconds
        self._wait = _FIRST_WAIT

    async def after(self, error: Exception) -> None:
        """Wait before another try; raises the error in our words when patience has ended."""
        if time.monotonic() + self._wait > self._end:
            raise error if isinstance(error, errors.HearthError) else _unreachable() from error
        await asyncio.sleep(self._wait)
        self._wait = min(2 * self._wait, _LONGEST_WAIT)


def _error(status: int, content: bytes, headers: Mapping[str, str]) -> errors.HearthError:
    """The server's error in our words; another maker's server says less than ours."""
    try:
        said = json.loads(content)["error"]
    except (ValueError, KeyError, TypeError):
        said = {}
    if not isinstance(said, dict):
        said = {"message": said}
    passing = status >= 500 or status == httpx.codes.TOO_MANY_REQUESTS
    kind = _BY_CODE.get(str(said.get("code")), errors.Unavailable if passing else errors.BadInput)
    retry = headers.get("retry-after", "")
    return kind(
        str(said.get("detail") or said.get("message") or f"the model server answered {status}"),
        where=said.get("where"),
        remedy=said.get("remedy"),
        retry_after=float(retry) if retry.isdigit() else None,
    )


def _vector(value: str | list[float]) -> list[float]:
    if isinstance(value, str):
        numbers = array("f")
        numbers.frombytes(base64.b64decode(value))
        value = numbers.tolist()
    length = math.sqrt(sum(number * number for number in value)) or 1.0
    return [number / length for number in value]


def _unreachable() -> errors.Unavailable:
    return errors.Unavailable(
        "the model server is not answering",
        remedy="It restarts by itself; try again in a moment.",
        retry_after=5,
    )


def _cut() -> errors.Unavailable:
    return errors.Unavailable(
        "the model server broke off in the middle of the answer", remedy="Ask again."
    )
