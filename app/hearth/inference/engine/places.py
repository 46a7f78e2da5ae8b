"""From the queue into the batch: a place, cells of the cache, and a beginning that is there."""

from __future__ import annotations

import time

from hearth.inference.engine import shelf
from hearth.inference.engine.context import Context
from hearth.inference.engine.sampler import Sampler
from hearth.inference.engine.sequences import Sequences
from hearth.inference.engine.streams import Request, Stream
from hearth.inference.engine.waiting import Waiting

_ALWAYS = 1_024  # tokens of an answer that a caller may have whatever its prompt takes


class Places:
    """Gives places to those whose turn it is, as long as there are places and cells."""

    def __init__(self, context: Context, waiting: Waiting, places: int) -> None:
        self._context = context
        self._waiting = waiting
        self._places = places
        # That one caller may have promised; the rest is there for others at any time.
        self._own_cells = 3 * context.cells // 4

    def most_further(self, prompt: int) -> int:
        """Tokens that an answer to a prompt of so many may have."""
        return max(self._own_cells - prompt, _ALWAYS)

    def fill(self, running: list[Stream], sequences: Sequences) -> None:
        """Move requests from the queue to `running`."""

        def held(request: Request) -> bool:
            return self._takes_too_much(request, running) or _follows(request, running, sequences)

        while self._waiting.requests:
            requests = [stream.request for stream in running]
            request = self._waiting.next(requests, self._places, time.monotonic(), held)
            # Nobody overtakes the one that the cells are too few for.
            if request is None or not self._start(request, running, sequences):
                return

    def _takes_too_much(self, request: Request, running: list[Stream]) -> bool:
        """Whether its long answer, beside its caller's running ones, leaves others too little."""
        if request.max_tokens <= self._context.cells // self._places:
            return False
        promised = sum(
            stream.request.max_tokens
            for stream in running
            if stream.request.work.caller == request.work.caller
        )
        return promised > 0 and promised + request.max_tokens > self._own_cells

    def _start(self, request: Request, running: list[Stream], sequences: Sequences) -> bool:
        context, work = self._context, request.work
        if running and request.refused == sequences.changes:
            return False  # looking again costs milliseconds, and each step would
        shelf.clear_away(context, sequences, request)
        ask = (request.owner, request.prompt, request.max_tokens, work.adapter)
        admission = sequences.admit(*ask)
        if admission is None and not running:  # only without the common prefixes
            context.remove(*sequences.drop_common())
            admission = sequences.admit(*ask)
        if admission is None:
            request.refused = sequences.changes
            return False
        self._waiting.leave(request)
        self._waiting.shares.charge(work.caller, request.cost)
        shelf.enter(context, sequences, admission)
        sequence = admission.sequence
        model = context.model
        sampler = Sampler(model, work.sampling, work.grammar, triggered=work.trigger is not None)
        request.started = time.monotonic()
        running.append(Stream(request, sequence, sampler, model.marks(work.shown)))
        return True


def _follows(request: Request, running: list[Stream], sequences: Sequences) -> bool:
    """Whether a running request is computing what this one can start from a little later."""
    leader = sequences.leader(request.work.caller, request.prompt, request.work.adapter)
    for stream in running:
        if stream.sequence is leader:
            stream.request.background &= request.background
    return leader is not None
