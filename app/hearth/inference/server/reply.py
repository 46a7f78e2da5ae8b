"""A generation's events in OpenAI's words: a completion, or chunks of one."""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import AsyncIterator, Iterable, Sequence
from typing import Any

from hearth.core.errors import HearthError
from hearth.inference.generation import Alternative, Answer, Done, Piece, TokenLogprob
from hearth.inference.server.calls import Arguments, CallBegins, CallParser, Event, Words
from hearth.inference.server.errors import problem
from hearth.inference.server.schemas import ChatRequest

_LEAST_LOGPROB = -9999.0  # OpenAI's word for what JSON cannot say


class Reply:
    """Puts one answer into OpenAI's words, whole or in chunks."""

    def __init__(self, request: ChatRequest, answer: Answer, parser: CallParser | None) -> None:
        self._request = request
        self._answer = answer
        self._parser = parser
        self._calls = 0
        self._logprobs: list[TokenLogprob] = []  # of tokens that no chunk has told yet
        self._done: Done | None = None
        self._frame: dict[str, Any] = {
            "id": f"chatcmpl-{secrets.token_hex(12)}",
            "created": int(time.time()),
            "model": request.model,
        }
        if request.service_tier is not None:
            tier = "flex" if request.service_tier == "flex" else "default"
            self._frame["service_tier"] = tier

    async def whole(self) -> dict[str, Any]:
        """The completion object."""
        words: list[str] = []
        calls: list[dict[str, Any]] = []
        async for events in self._events():
            for event in events:
                if isinstance(event, Words):
                    words.append(event.text)
                elif isinstance(event, CallBegins):
                    calls.append(_call(event))
                else:
                    calls[-1]["function"]["arguments"] += event.text
        text = "".join(words)
        message: dict[str, Any] = {
            "role": "assistant",
            "content": None if calls and not text else text,
            "refusal": None,
        }
        if calls:
            message["tool_calls"] = calls
        choice = {
            "index": 0,
            "message": message,
            "logprobs": self._told_logprobs(),
            "finish_reason": self._reason(),
        }
        return self._frame | {
            "object": "chat.completion",
            "choices": [choice],
            "usage": _usage(self._ended()),
        }

    async def chunks(self) -> AsyncIterator[dict[str, str]]:
        """The server-sent events: deltas, usage if asked for, and [DONE]; or an error."""
        try:
            async for data in self._deltas():
                yield {"data": json.dumps(data, ensure_ascii=False)}
        except HearthError as error:
            yield {"data": json.dumps(problem(error), ensure_ascii=False)}
            return
        yield {"data": "[DONE]"}

    async def _deltas(self) -> AsyncIterator[dict[str, Any]]:
        begun = False
        async for events in self._events():
            for event in events:
                if not begun:
                    begun = True
                    content = None if isinstance(event, CallBegins) else ""
                    yield self._chunk({"role": "assistant", "content": content, "refusal": None})
                yield self._chunk(_delta(event), logprobs=self._logprobs and self._told_logprobs())
        last = {} if begun else {"role": "assistant", "content": "", "refusal": None}
        logprobs = self._logprobs and self._told_logprobs()
        yield self._chunk(last, self._reason(), logprobs=logprobs)
        if self._wants_usage():
            yield self._frame | {
                "object": "chat.completion.chunk",
                "choices": [],
                "usage": _usage(self._ended()),
            }

    async def _events(self) -> AsyncIterator[Sequence[Event]]:
        """The answer piece by piece, the calls in it found."""
        async for event in self._answer:
            if isinstance(event, Piece):
                self._logprobs += event.logprobs
                yield self._parse(event.text)
            else:
                self._done = event
                if self._parser:
                    yield self._count(self._parser.end())

    def _parse(self, text: str) -> Sequence[Event]:
        if self._parser:
            return self._count(self._parser.feed(text))
        return [Words(text)] if text else []

    def _count(self, events: Sequence[Event]) -> Sequence[Event]:
        self._calls += sum(isinstance(event, CallBegins) for event in events)
        return events

    def _chunk(
        self, delta: dict[str, Any], reason: str | None = None, *, logprobs: Any = None
    ) -> dict[str, Any]:
        choice = {
            "index": 0,
            "delta": delta,
            "logprobs": logprobs or None,
            "finish_reason": reason,
        }
        usage = {"usage": None} if self._wants_usage() else {}
        return self._frame | {"object": "chat.completion.chunk", "choices": [choice]} | usage

    def _wants_usage(self) -> bool:
        options = self._request.stream_options
        return options is not None and options.include_usage

    def _told_logprobs(self) -> dict[str, Any] | None:
        if not self._request.logprobs:
            return None
        tokens, self._logprobs = self._logprobs, []
        return {"content": _tokens(tokens), "refusal": None}

    def _reason(self) -> str:
        done = self._ended()
        return "tool_calls" if self._calls and done.reason == "stop" else done.reason

    def _ended(self) -> Done:
        if self._done is None:
            raise RuntimeError("an answer ended without its Done")
        return self._done


def _call(begins: CallBegins) -> dict[str, Any]:
    return {
        "id": begins.id,
        "type": "function",
        "function": {"name": begins.name, "arguments": ""},
    }


def _delta(event: Event) -> dict[str, Any]:
    match event:
        case Words(text):
            return {"content": text}
        case CallBegins(index):
            return {"tool_calls": [{"index": index} | _call(event)]}
        case Arguments(index, text):
            return {"tool_calls": [{"index": index, "function": {"arguments": text}}]}


def _tokens(tokens: Iterable[TokenLogprob]) -> list[dict[str, Any]]:
    return [
        _token(token) | {"top_logprobs": [_token(alternative) for alternative in token.top]}
        for token in tokens
    ]


def _token(token: Alternative) -> dict[str, Any]:
    return {
        "token": bytes(token.bytes).decode(errors="replace"),  # a token may be part of a character
        "logprob": max(token.logprob, _LEAST_LOGPROB),
        "bytes": list(token.bytes),
    }


def _usage(done: Done) -> dict[str, Any]:
    return {
        "prompt_tokens": done.prompt_tokens,
        "completion_tokens": done.completion_tokens,
        "total_tokens": done.prompt_tokens + done.completion_tokens,
        "prompt_tokens_details": {"cached_tokens": done.cached},
    }
