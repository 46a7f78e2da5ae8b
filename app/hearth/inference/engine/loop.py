"""The engine: one thread that runs many generations together in one llama.cpp context.

Every step computes one batch: the next token of each running stream, and a piece of the prompts
that are still to be read. Requests join and leave between steps.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import queue
import threading
import time
from collections import deque
from collections.abc import AsyncIterator, Callable, Sequence
from pathlib import Path

from hearth.core.errors import BadInput, Busy, HearthError, TooLarge, Unavailable
from hearth.inference import metrics
from hearth.inference.engine.llama import Context, Model
from hearth.inference.engine.sampler import Sampler
from hearth.inference.engine.sequences import Sequences
from hearth.inference.engine.streams import Event, Request, Stream
from hearth.inference.generation import Answer, Done, Generation, ModelInfo, Piece

_log = logging.getLogger("hearth.inference")
_BATCH = 512  # tokens a step computes at most
_PROMPT_SHARE = 64  # of them prompt, while other streams are waiting for their next token
_KEPT = 16  # finished sequences that stay as prefixes
_STUCK_SECONDS = 120.0  # one step takes seconds at most
_RETRY_SECONDS = 5.0


class _Answer:
    """The event loop's end of a request."""

    def __init__(self, request: Request, events: asyncio.Queue[Event]) -> None:
        self._request = request
        self._events = events

    async def __aiter__(self) -> AsyncIterator[Piece | Done]:
        while True:
            event = await self._events.get()
            if isinstance(event, HearthError):
                raise event
            yield event
            if isinstance(event, Done):
                return

    def close(self) -> None:
        self._request.gone = True


class Engine:
    """A chat model that answers several requests at once. Thread-safe; close it when done."""

    def __init__(
        self,
        path: Path,
        *,
        name: str,
        context: int = 16_384,
        parallel: int = 8,
        waiting: int = 64,
        threads: int | None = None,
        gpu_layers: int | None = None,
        tensor_split: Sequence[float] = (),
    ) -> None:
        self._model = Model(path, gpu_layers=gpu_layers, tensor_split=tensor_split)
        self._sequences = Sequences(context, parallel, _KEPT)
        self._context = Context(
            self._model,
            cells=context,
            sequences=self._sequences.ids,
            threads=threads or os.cpu_count() or 1,
            batch=_BATCH,
        )
        self.info = ModelInfo(
            name=name,
            template=self._model.template,
            bos=self._model.bos,
            eos=self._model.eos,
            context=min(context, self._model.trained_context),
            control=self._model.control(),
        )
        self._parallel = parallel
        self._limit = waiting
        self._arrivals: queue.SimpleQueue[Request | None] = queue.SimpleQueue()
        self._waiting: deque[Request] = deque()
        self._running: list[Stream] = []
        self._beat = time.monotonic()
        self._closing = False
        self._vocabulary = threading.Lock()  # held while another thread uses the model
        self._thread = threading.Thread(target=self._run, name=f"engine-{name}", daemon=True)
        self._thread.start()

    # What other threads call.

    async def start(self, work: Generation) -> Answer:
        """See TextEngine."""
        loop = asyncio.get_running_loop()
        events: asyncio.Queue[Event] = asyncio.Queue()

        def deliver(event: Event) -> None:
            with contextlib.suppress(RuntimeError):  # the loop has closed; nobody listens
                loop.call_soon_threadsafe(events.put_nowait, event)

        request = await asyncio.to_thread(self._prepare, work, deliver)
        self._enqueue(request)
        return _Answer(request, events)

    def healthy(self) -> bool:
        """Whether the engine's thread lives and moves."""
        idle = not self._running and not self._waiting
        moving = idle or time.monotonic() - self._beat < _STUCK_SECONDS
        return self._thread.is_alive() and moving

    def close(self) -> None:
        """Stop after the running step; whoever waits gets Unavailable."""
        self._arrivals.put(None)
        self._thread.join()

    def _prepare(self, work: Generation, deliver: Callable[[Event], None]) -> Request:
        with self._vocabulary:
            if self._closing:
                raise _stopped()
            if work.grammar:  # a bad one is refused before anything waits for it
                Sampler(self._model, work.sampling, work.grammar).close()
            prompt = self._model.tokenize(work.prompt)
        room = self.info.context - len(prompt)
        if room < 1:
            raise TooLarge(
                f"the prompt has {len(prompt)} tokens; the model's context holds "
                f"{self.info.context} with at least one for the answer",
                where="messages",
                remedy="Shorten the conversation.",
            )
        return Request(work, prompt, min(work.max_tokens, room), deliver)

    def _enqueue(self, request: Request) -> None:
        if self._closing:
            raise _stopped()
        if self._arrivals.qsize() + len(self._waiting) >= self._limit:
            metrics.REQUESTS.labels("chat", request.work.caller, "busy").inc()
            raise Busy(
                f"{self._limit} requests are waiting already",
                remedy="Try again in a moment.",
                retry_after=_RETRY_SECONDS,
            )
        self._arrivals.put(request)

    # What the engine's own thread does.

    def _run(self) -> None:
        try:
            while not self._closing:
                self._step()
        except Exception:
            _log.exception("the engine has stopped")
        finally:
            self._closing = True
            self._fail_all()
            with self._vocabulary:
                self._context.close()
                self._model.close()

    def _step(self) -> None:
        self._receive(wait=not self._running and not self._waiting)
        self._beat = time.monotonic()
        self._let_go()
        self._admit()
        metrics.WAITING.set(len(self._waiting))
        metrics.RUNNING.set(len(self._running))
        rows = self._fill_batch()
        if self._context.empty:
            return
        try:
            self._context.decode()
        except RuntimeError:
            _log.exception("a step failed")
            self._start_over()
            return
        for stream, row in rows:
            self._advance(stream, row)

    def _receive(self, *, wait: bool) -> None:
        while True:
            try:
                request = self._arrivals.get(block=wait)
            except queue.Empty:
                return
            wait = False
            if request is None:
                self._closing = True
                return
            self._waiting.append(request)

    def _let_go(self) -> None:
        """Free the places of callers that have gone away."""
        for request in [request for request in self._waiting if request.gone]:
            self._waiting.remove(request)
            request.left()
        for stream in [stream for stream in self._running if stream.request.gone]:
            self._leave(stream)
            stream.request.left()

    def _admit(self) -> None:
        while self._waiting and len(self._running) < self._parallel:
            request = self._waiting[0]
            work = request.work
            admission = self._sequences.admit(work.caller, request.prompt, request.max_tokens)
            if admission is None:
                return
            self._waiting.popleft()
            sequence = admission.sequence
            shared = len(sequence.tokens)
            if admission.source is not None and not self._context.share(
                admission.source, sequence.id, shared
            ):
                self._sequences.without_prefix(sequence)
            for evicted in admission.evicted:
                self._context.remove(evicted)
            sampler = Sampler(self._model, work.sampling, work.grammar)
            self._running.append(Stream(request, sequence, sampler))

    def _fill_batch(self) -> list[tuple[Stream, int]]:
        """Put this step's tokens into the batch; returns the streams that get a token from it."""
        rows = [
            (stream, self._feed(stream, [stream.last], logits=True))
            for stream in self._running
            if stream.last is not None
        ]
        budget = _PROMPT_SHARE if rows else self._context.room
        for stream in self._running:
            if stream.last is not None or budget == 0:
                continue
            done = len(stream.sequence.tokens)
            chunk = stream.request.prompt[done : done + budget]
            whole = done + len(chunk) == len(stream.request.prompt)
            budget -= len(chunk)
            row = self._feed(stream, chunk, logits=whole)
            if whole:
                rows.append((stream, row))
        return rows

    def _feed(self, stream: Stream, tokens: list[int], *, logits: bool) -> int:
        sequence = stream.sequence
        row = self._context.add(tokens, len(sequence.tokens), sequence.id, logits=logits)
        self._sequences.grow(sequence, tokens)
        return row

    def _advance(self, stream: Stream, row: int) -> None:
        """Draw a stream's next token, and end it where it ends."""
        try:
            token = stream.sampler.sample(self._context, row)
        except BadInput as error:
            self._leave(stream)
            stream.request.fail(error)
            return
        done = stream.take(token, self._model.piece(token), ends=self._model.ends(token))
        if done:
            self._leave(stream)
            stream.request.end(done)

    def _leave(self, stream: Stream) -> None:
        self._running.remove(stream)
        stream.sampler.close()
        for evicted in self._sequences.finish(stream.sequence):
            self._context.remove(evicted)

    def _start_over(self) -> None:
        """After a failed step nothing in the cache can be trusted."""
        self._context.clear()
        self._sequences = Sequences(self._context.cells, self._parallel, _KEPT)
        failed, self._running = self._running, []
        for stream in failed:
            stream.sampler.close()
            stream.request.fail(_stopped())

    def _fail_all(self) -> None:
        for stream in self._running:
            stream.sampler.close()
            stream.request.fail(_stopped())
        self._receive(wait=False)
        for request in self._waiting:
            request.fail(_stopped())


def _stopped() -> Unavailable:
    return Unavailable(
        "the model server has stopped",
        remedy="It restarts by itself; try again in a moment.",
        retry_after=_RETRY_SECONDS,
    )
