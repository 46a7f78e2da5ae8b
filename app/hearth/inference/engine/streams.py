"""A request on its way through the engine, and how it ends: told, counted, logged once."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from hearth.core.errors import HearthError, Unavailable
from hearth.inference import metrics
from hearth.inference.engine.drafts import Lookup
from hearth.inference.engine.sampler import Sampler
from hearth.inference.engine.scheduler import Ask
from hearth.inference.engine.sequence import Sequence
from hearth.inference.engine.text import TextStream
from hearth.inference.generation import Done, Generation, Piece, TokenLogprob

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
    started: float | None = None  # when it got its place
    first: float | None = None  # when its first token came
    gone: bool = False  # nobody listens any more
    common: bool = False  # a prefix for everyone, and no answer
    refused: int | None = None  # Sequences.changes when there were too few cells for it
    background: bool = field(init=False)  # until a member waits for what it computes

    def __post_init__(self) -> None:
        self.background = self.work.background

    @property
    def owner(self) -> str | None:
        """Whose the sequence will be; None for a common prefix."""
        return None if self.common else self.work.caller

    @property
    def cost(self) -> int:
        """Tokens to compute at most."""
        return len(self.prompt) + self.max_tokens

    def ask(self, now: float, left: int = 0) -> Ask:
        """What the scheduler sees of it."""
        return Ask(self.work.caller, self.background, now - self.arrived, left)

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
        for name, moment in (("queued_ms", self.started), ("first_token_ms", self.first)):
            if moment is not None:
                times[name] = round(1000 * (moment - self.arrived))
        about = {"caller": self.work.caller, "outcome": outcome, "prompt_tokens": len(self.prompt)}
        _log.info("chat", extra=about | fields | times)


class Stream:
    """A request in the running batch."""

    def __init__(
        self,
        request: Request,
        sequence: Sequence,
        sampler: Sampler,
        marks: Mapping[int, bytes],
    ) -> None:
        self.request = request
        self.sequence = sequence
        self.sampler = sampler
        self.cached = len(sequence.tokens)
        self.last: int | None = None  # the token to compute next, once the prompt is read
        self.marks = marks  # control tokens that show, and how
        self._lookup: Lookup | None = None
        self._produced = 0
        self._text = TextStream(request.work.stop)
        self._before = b""  # what may hold the beginning of the trigger
        self._trigger = (request.work.trigger or "").encode() if request.work.grammar else b""

    @property
    def unread(self) -> int:
        """Prompt tokens that are not in the cache yet; none once it has begun to answer."""
        return 0 if self.last is not None else len(self.request.prompt) - len(self.sequence.tokens)

    @property
    def read_common(self) -> bool:
        """Whether it is a common prefix that is now in the cache."""
        return self.request.common and not self.unread

    @property
    def left_over(self) -> int:
        """Tokens that it was promised and did not need; negative, as Shares counts them."""
        return self._produced - self.request.max_tokens - self.cached

    @property
    def luck(self) -> float:
        """See drafts.Guesser."""
        return self._lookup.luck if self._lookup else 0.0

    def guesses(self, most: int) -> list[int]:
        """See drafts.Guesser."""
        if self._lookup is None:
            return []
        return self._lookup.guess(min(most, self.request.max_tokens - self._produced - 1))

    def fits(self, tokens: int) -> bool:
        """See drafts.Guesser."""
        return self._produced + tokens <= self.request.max_tokens

    def take(
        self, token: int, data: bytes, logprob: tuple[TokenLogprob, ...], *, ends: bool
    ) -> Done | None:
        """Pass a drawn token on as text; Done when it was the last."""
        self.request.token_came()
        if self._lookup is None:
            self._lookup = Lookup(self.request.prompt)
        self._lookup.add(token)
        self.last = token
        self._produced += 1
        full = self._produced >= self.request.max_tokens
        data = b"" if ends else data
        self._watch(data)
        text = self._text.feed(data, final=ends or full)
        if text or (logprob and not ends):
            self.request.deliver(Piece(text, () if ends else logprob))
        if not (ends or full or self._text.stopped):
            return None
        return Done(
            reason="stop" if ends or self._text.stopped else "length",
            prompt_tokens=len(self.request.prompt),
            completion_tokens=self._produced,
            cached=self.cached,
        )

    def _watch(self, data: bytes) -> None:
        """Let the grammar hold once the trigger has come."""
        if not self._trigger:
            return
        seen = self._before + data
        at = seen.find(self._trigger)
        if at >= 0:
            self.sampler.enforce(seen[at + len(self._trigger) :])
            self._trigger = b""
        self._before = seen[-len(self._trigger) :]
