"""A request on its way through the engine, and how it ends: told, counted, logged once."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from hearth.core.errors import HearthError, Unavailable
from hearth.inference import metrics
from hearth.inference.engine.sampler import Sampler
from hearth.inference.engine.sequences import Sequence
from hearth.inference.engine.text import TextStream
from hearth.inference.generation import Done, Generation, Piece

_log = logging.getLogger("hearth.inference")
Event = Piece | Done | HearthError


@dataclass(eq=False)
class Request:
    """A request that the engine has accepted."""

    work: Generation
    prompt: list[int]
    max_tokens: int
    deliver: Callable[[Event], None]  # called from the engine's thread
    arrived: float = field(default_factory=time.monotonic)
    first: float | None = None  # when its first token came
    gone: bool = False  # nobody listens any more

    def token_came(self) -> None:
        """Note the time of the first token."""
        if self.first is None:
            self.first = time.monotonic()
            metrics.FIRST_TOKEN.labels(self.work.caller).observe(self.first - self.arrived)

    def end(self, done: Done) -> None:
        """It has been answered."""
        caller = self.work.caller
        metrics.PROMPT_TOKENS.labels(caller).inc(done.prompt_tokens)
        metrics.CACHED_TOKENS.labels(caller).inc(done.cached)
        metrics.COMPLETION_TOKENS.labels(caller).inc(done.completion_tokens)
        self.deliver(done)
        self._log(
            done.reason,
            completion_tokens=done.completion_tokens,
            cached_tokens=done.cached,
        )

    def fail(self, error: HearthError) -> None:
        """It cannot be answered."""
        self.deliver(error)
        self._log(error.code)

    def left(self) -> None:
        """Its caller has gone away."""
        self.deliver(Unavailable("the caller has gone away"))
        self._log("gone")

    def _log(self, outcome: str, **fields: int) -> None:
        metrics.REQUESTS.labels("chat", self.work.caller, outcome).inc()
        now = time.monotonic()
        times = {"total_ms": round(1000 * (now - self.arrived))}
        if self.first is not None:
            times["first_token_ms"] = round(1000 * (self.first - self.arrived))
        about = {"caller": self.work.caller, "outcome": outcome, "prompt_tokens": len(self.prompt)}
        _log.info("chat", extra=about | fields | times)


class Stream:
    """A request in the running batch."""

    def __init__(self, request: Request, sequence: Sequence, sampler: Sampler) -> None:
        self.request = request
        self.sequence = sequence
        self.sampler = sampler
        self.cached = len(sequence.tokens)
        self.last: int | None = None  # the token to compute next, once the prompt is read
        self._produced = 0
        self._text = TextStream(request.work.stop)

    def take(self, token: int, data: bytes, *, ends: bool) -> Done | None:
        """Pass a drawn token on as text; Done when it was the last."""
        self.request.token_came()
        self.last = token
        self._produced += 1
        full = self._produced >= self.request.max_tokens
        text = self._text.feed(b"" if ends else data, final=ends or full)
        if text:
            self.request.deliver(Piece(text))
        if not (ends or full or self._text.stopped):
            return None
        return Done(
            reason="stop" if ends or self._text.stopped else "length",
            prompt_tokens=len(self.request.prompt),
            completion_tokens=self._produced,
            cached=self.cached,
        )
