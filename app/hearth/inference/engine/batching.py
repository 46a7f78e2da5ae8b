"""One step of the engine: which tokens go into the batch, and what is drawn from it."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from hearth.core.errors import BadInput, HearthError
from hearth.inference import metrics
from hearth.inference.engine import drafts, sampler
from hearth.inference.engine.context import Context
from hearth.inference.engine.costs import Costs
from hearth.inference.engine.scheduler import Speed, divide
from hearth.inference.engine.sequences import Sequences
from hearth.inference.engine.streams import Stream
from hearth.inference.generation import Done


@dataclass(frozen=True)
class Turn:
    """A stream that gets tokens from this step: its first row with logits, and what it guessed."""

    stream: Stream
    row: int
    guesses: Sequence[int] = ()


class Batcher:
    """Fills and computes batches of one context."""

    def __init__(
        self, context: Context, sequences: Sequences, adapters: dict[str, Any], *, guessing: bool
    ) -> None:
        self._context = context
        self._sequences = sequences
        self._adapters = adapters
        self._guessing = guessing
        self._adapter: str | None = None  # the one that the context computes with
        self._speed = Speed()
        self._costs = Costs()

    def step(self, running: Sequence[Stream]) -> list[tuple[Stream, Done | HearthError]]:
        """Compute one batch; returns the streams that have ended. RuntimeError as decode."""
        begun = time.perf_counter()
        streams = self._group(running)
        turns, prompt = self._fill(streams)
        rows = self._context.batch - self._context.room
        if rows == 0:
            return []
        sent = time.perf_counter()
        self._context.decode()
        computed = time.perf_counter()
        if prompt:
            alone = self._costs.seconds(rows - prompt)
            self._speed.note(prompt, computed - sent, alone=alone)
        else:
            self._costs.note(rows, computed - sent)
        ends = [(turn.stream, end) for turn in turns if (end := self._advance(turn))]
        metrics.ROWS.observe(rows)
        metrics.COMPUTING.inc(computed - sent)
        metrics.AROUND.inc(time.perf_counter() - computed + sent - begun)
        return ends

    def _group(self, running: Sequence[Stream]) -> list[Stream]:
        """The streams of one adapter, since a batch has one: each adapter's in turn."""
        wanted = list(dict.fromkeys(stream.request.work.adapter for stream in running))
        if not wanted:
            return []
        at = wanted.index(self._adapter) + 1 if self._adapter in wanted else 0
        adapter = wanted[at % len(wanted)]
        if adapter != self._adapter:
            self._context.use_adapter(self._adapters[adapter] if adapter else None)
            self._adapter = adapter
        return [stream for stream in running if stream.request.work.adapter == adapter]

    def _fill(self, streams: Sequence[Stream]) -> tuple[list[Turn], int]:
        """Put this step's tokens into the batch; returns who draws, and how much was prompt."""
        decoding = [stream for stream in streams if stream.last is not None]
        reading = [stream for stream in streams if stream.unread]
        room = self._context.room - len(decoding)
        budget = 0
        if reading:
            alone = self._costs.seconds(len(decoding))
            budget = self._speed.budget(decoding=len(decoding), alone=alone, room=room)
        guessing = self._guessing and not reading
        most = self._context.outputs_left - len(decoding) if guessing else 0
        dealt = drafts.deal(decoding, self._costs, most)
        turns = []
        for stream, guesses in zip(decoding, dealt, strict=True):
            assert stream.last is not None
            row = self._feed(stream, [stream.last, *guesses], 1 + len(guesses))
            turns.append(Turn(stream, row, guesses))
        now = time.monotonic()
        asks = [stream.request.ask(now, stream.unread) for stream in reading]
        parts = divide(budget, asks, self._speed.reading)
        for stream, part in zip(reading, parts, strict=True):
            if not part:
                continue
            done = len(stream.sequence.tokens)
            whole = part == stream.unread and not stream.request.common
            row = self._feed(stream, stream.request.prompt[done : done + part], int(whole))
            if whole:
                turns.append(Turn(stream, row))
        return turns, sum(parts)

    def _feed(self, stream: Stream, tokens: list[int], logits: int) -> int:
        sequence = stream.sequence
        row = self._context.add(tokens, len(sequence.tokens), sequence.id, logits=logits)
        self._sequences.grow(sequence, tokens)
        return row

    def _advance(self, turn: Turn) -> Done | HearthError | None:
        """Draw a stream's next tokens, as far as its guesses were right."""
        stream = turn.stream
        work = stream.request.work
        end: Done | HearthError | None = None
        right = 0
        for row in range(turn.row, turn.row + len(turn.guesses) + 1):
            try:
                token = stream.sampler.sample(self._context, row)
            except BadInput as error:
                end = error
                break
            model = self._context.model
            told = (
                ()
                if work.logprobs is None
                else (sampler.logprobs(model, self._context.logits(row), token, work.logprobs),)
            )
            data = stream.marks.get(token) or model.piece(token)
            end = stream.take(token, data, told, ends=model.ends(token))
            if end or right == len(turn.guesses) or token != turn.guesses[right]:
                break
            right += 1
        self._forget_wrong(turn, right)
        return end

    def _forget_wrong(self, turn: Turn, right: int) -> None:
        metrics.GUESSED.inc(len(turn.guesses))
        metrics.RIGHT.inc(right)
        wrong = len(turn.guesses) - right
        if wrong:
            sequence = turn.stream.sequence
            length = len(sequence.tokens) - wrong
            self._context.trim(sequence.id, length)
            self._sequences.shrink(sequence, length)
