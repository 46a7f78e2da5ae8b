"""The engine: one thread that runs many generations together in one llama.cpp context.

Every step computes one batch: the next token of each running stream, and a piece of the prompts
that are still to be read. Requests join and leave between steps.
"""

from __future__ import annotations

import logging
import os
import queue
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import Future

from hearth.core.errors import BadInput, Busy, HearthError, NotFound, TooLarge, Unavailable
from hearth.inference import metrics
from hearth.inference.engine.batching import Batcher
from hearth.inference.engine.common import CommonPrefixes
from hearth.inference.engine.context import Context
from hearth.inference.engine.llama import Model
from hearth.inference.engine.places import Places
from hearth.inference.engine.sampler import Sampler
from hearth.inference.engine.saved import SavedPrefixes
from hearth.inference.engine.sequences import Sequences
from hearth.inference.engine.spec import ChatSpec
from hearth.inference.engine.streams import Event, Request, Stream
from hearth.inference.engine.waiting import Waiting
from hearth.inference.generation import Generation, ModelInfo
from hearth.inference.models.footprint import SHELF

_log = logging.getLogger("hearth.inference")
_BATCH = 512  # tokens a step computes at most
_KEPT = 24  # finished sequences that stay as prefixes
_KEPT_SECONDS = 3_600.0
_COMMON = 16  # common prefixes
_IDLE_SECONDS = 30.0  # between two looks at what has grown old
_STUCK_SECONDS = 120.0  # one step takes seconds at most
_RETRY_SECONDS = 5.0


class Engine:
    """A chat model that answers several requests at once. Thread-safe; close it when done.

    `flush` is called after each step, when its events have been delivered; `stopped` when there
    will be no further step.
    """

    def __init__(
        self,
        spec: ChatSpec,
        flush: Callable[[], None] = lambda: None,
        stopped: Callable[[], None] = lambda: None,
    ) -> None:
        self._spec = spec
        self._flush = flush
        self._stopped = stopped
        self._model = Model(spec.path, gpu_layers=spec.gpu_layers, tensor_split=spec.tensor_split)
        self._adapters = {
            name: self._model.adapter(path) for name, path in sorted(spec.adapters.items())
        }
        # Grammars ask for it in the middle of an answer, and the cache takes longer to come.
        reading = threading.Thread(target=lambda: self._model.vocabulary_bytes)
        reading.start()
        try:
            self._context = Context(
                self._model,
                cells=spec.context,
                sequences=self._new_sequences(spec.context).ids,
                threads=spec.threads or os.cpu_count() or 1,
                batch=_BATCH,
                outputs=_BATCH // 4,
            )
        finally:
            reading.join()
        self._common = CommonPrefixes(SavedPrefixes(spec.prefixes, spec.digest))
        self._begin()
        self.info = ModelInfo(
            name=spec.name,
            template=self._model.template,
            bos=self._model.bos,
            eos=self._model.eos,
            context=min(spec.context, self._model.trained_context),
            control=self._model.control(),
            adapters=tuple(self._adapters),
        )
        self._inbox: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
        self._waiting = Waiting(spec.waiting)
        self._places = Places(self._context, self._waiting, spec.parallel)
        self._callers: set[str] = set()  # all that have asked since the start
        self._beat = time.monotonic()
        self._closing = False
        self._vocabulary = threading.Lock()  # held while another thread uses the model
        self._proof: Future[None] = Future()
        self._thread = threading.Thread(target=self._run, name=f"engine-{spec.name}", daemon=True)
        self._thread.start()
        self._proof.result()

    # What other threads call.

    def submit(self, work: Generation, deliver: Callable[[Event], None]) -> Request:
        """Accept a request; raises as TextEngine.start. `deliver` is called from the engine's
        thread with pieces and then one Done or error."""
        request = self.prepare(work, deliver)
        self.enqueue(request)
        return request

    def prepare(self, work: Generation, deliver: Callable[[Event], None]) -> Request:
        """Tokenize a request, and refuse what can never be answered."""
        with self._vocabulary:
            if self._closing:
                raise _stopped()
            if work.adapter is not None and work.adapter not in self._adapters:
                raise NotFound(f"there is no adapter {work.adapter!r}", where="model")
            if work.grammar:  # a bad one is refused before anything waits for it
                Sampler(self._model, work.sampling, work.grammar).close()
            prompt = self._model.tokenize(work.prompt)
        if not prompt:
            raise BadInput("the prompt is empty", where="messages")
        room = self.info.context - len(prompt)
        if room < 1:
            raise TooLarge(
                f"the prompt has {len(prompt)} tokens; the model's context holds "
                f"{self.info.context} with at least one for the answer",
                where="messages",
                remedy="Shorten the conversation.",
            )
        further = min(work.max_tokens, room, self._places.most_further(len(prompt)))
        return Request(work, prompt, further, deliver)

    def enqueue(self, request: Request) -> None:
        """Let a prepared request wait for its place; Busy where none may wait any more."""
        if self._closing:
            raise _stopped()
        if not self._waiting.take_seat(request):
            metrics.REQUESTS.labels("chat", request.work.caller, "busy").inc()
            raise Busy(
                f"{self._spec.waiting} requests are waiting already",
                remedy="Try again in a moment.",
                retry_after=_RETRY_SECONDS,
            )
        self._inbox.put(lambda: self._waiting.requests.append(request))

    def share(self, prompts: Sequence[str]) -> None:
        """Compute or load prefixes that every caller may start from, and keep them for good."""
        with self._vocabulary:
            tokens = [self._model.tokenize(prompt) for prompt in prompts]
        self._inbox.put(lambda: self._share(tokens))

    def forget(self, caller: str, then: Callable[[], None]) -> None:
        """Drop what is kept of a caller's requests; of running ones when they end."""
        self._inbox.put(lambda: self._forget(caller, then))

    def healthy(self) -> bool:
        """Whether the engine's thread lives and moves."""
        idle = not self._running and not self._waiting.requests
        moving = idle or time.monotonic() - self._beat < _STUCK_SECONDS
        return self._thread.is_alive() and moving

    def close(self) -> None:
        """Stop after the running step; whoever waits gets Unavailable."""
        self._inbox.put(self._end)
        self._thread.join()

    # What the engine's own thread does.

    def _run(self) -> None:
        # In this thread like every other step: OpenMP keeps helpers for each thread that computes,
        # and with more of them than processors it has them sleep at every barrier within a step.
        try:
            self._context.prove()
        except Exception as error:
            self._proof.set_exception(error)
            return
        self._proof.set_result(None)
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
            self._stopped()

    def _step(self) -> None:
        self._receive(wait=not self._running and not self._waiting.requests)
        self._beat = time.monotonic()
        self._let_go()
        self._places.fill(self._running, self._sequences)
        self._measure()
        try:
            ends = self._batcher.step(self._running)
        except RuntimeError:
            _log.exception("a step failed")
            self._start_over()
            ends = []
        for stream, end in ends:
            self._leave(stream)
            if isinstance(end, HearthError):
                stream.request.fail(end)
            else:
                stream.request.end(end)
        for stream in [stream for stream in self._running if stream.read_common]:
            self._running.remove(stream)
            stream.sampler.close()
            self._common.settle(stream, self._context, self._sequences)
        if not self._running:  # there may be no further step for long
            self._measure()
        self._flush()

    def _receive(self, *, wait: bool) -> None:
        try:
            self._inbox.get(block=wait, timeout=_IDLE_SECONDS)()
            while True:
                self._inbox.get_nowait()()
        except queue.Empty:
            self._context.remove(*self._sequences.expire(_KEPT_SECONDS))

    def _end(self) -> None:
        self._closing = True

    def _forget(self, caller: str, then: Callable[[], None]) -> None:
        self._context.remove(*self._sequences.forget(caller))
        then()

    def _let_go(self) -> None:
        """Free the places of callers that have gone away."""
        for request in [request for request in self._waiting.requests if request.gone]:
            self._waiting.leave(request)
            request.left()
        for stream in [stream for stream in self._running if stream.request.gone]:
            self._leave(stream)
            stream.request.left()

    def _leave(self, stream: Stream) -> None:
        self._running.remove(stream)
        stream.sampler.close()
        self._waiting.shares.charge(stream.request.work.caller, stream.left_over)
        self._context.remove(*self._sequences.finish(stream.sequence))
        if self._sequences.displaced and not self._running:
            self._bring()

    def _share(self, prefixes: list[list[int]]) -> None:
        self._common.want(prefixes)
        self._bring()

    def _bring(self) -> None:
        """Put the common prefixes into the cache, or into the queue."""
        self._waiting.requests = [one for one in self._waiting.requests if not one.common]
        self._waiting.requests += self._common.bring(self._context, self._sequences)

    # When things go wrong.

    def _new_sequences(self, cells: int) -> Sequences:
        # One more place than `parallel`: see scheduler.has_place.
        # A GPU's cache stays as it is: what its steps take by the cells is not measured, and
        # parking would copy a few tokens at a time over the bus.
        parking = not (self._model.recurrent or self._model.on_gpu)
        shelf = cells // SHELF if parking else 0
        places = self._spec.parallel + 1
        return Sequences(cells, places, _KEPT, common=_COMMON, shelf=shelf)

    def _begin(self) -> None:
        self._running: list[Stream] = []
        self._sequences = self._new_sequences(self._context.cells)
        self._batcher = Batcher(
            self._context, self._sequences, self._adapters, guessing=not self._model.recurrent
        )

    def _start_over(self) -> None:
        """After a failed step nothing in the cache can be trusted."""
        self._context.clear()
        failed = self._running
        self._begin()
        for stream in failed:
            stream.sampler.close()
            stream.request.fail(_stopped())
        self._bring()

    def _fail_all(self) -> None:
        for stream in self._running:
            stream.sampler.close()
            stream.request.fail(_stopped())
        self._receive(wait=False)
        for request in self._waiting.requests:
            request.fail(_stopped())
        self._flush()

    def _measure(self) -> None:
        running = Counter(stream.request.work.caller for stream in self._running)
        waiting = Counter(request.work.caller for request in self._waiting.requests)
        self._callers |= running.keys() | waiting.keys()
        for caller in self._callers:
            metrics.RUNNING.labels(caller).set(running[caller])
            metrics.WAITING.labels(caller).set(waiting[caller])
        metrics.CELLS.set(self._sequences.held)
        metrics.PARKED.set(self._sequences.parked)


def _stopped() -> Unavailable:
    return Unavailable(
        "the model server has stopped",
        remedy="It restarts by itself; try again in a moment.",
        retry_after=_RETRY_SECONDS,
    )
