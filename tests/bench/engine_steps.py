"""What a step of the engine costs beside `llama_decode`: in Python, in samplers, under a grammar.

Drives `hearth.inference.engine` in this process, with every call into llama.cpp timed.
"""

from __future__ import annotations

import argparse
import queue
import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any

import llama_cpp as lib
from report import Row, at_most, table

from hearth.config import Settings
from hearth.core.errors import HearthError
from hearth.inference.engine.loop import Engine
from hearth.inference.engine.spec import ChatSpec
from hearth.inference.generation import Done, Generation, Piece, Sampling
from hearth.inference.models.library import Library
from hearth.inference.server.grammar import of_schema

MODELS = ("smollm2-135m-instruct", "qwen2.5-coder-1.5b-instruct")
STREAMS, TOKENS = 8, 96
PYTHON_PERCENT, GRAMMAR_MS = 2.0, 3.0
_PROMPT = "Household list number {number}. Write down everything in the cellar, item by item:\n"
_SCHEMA = {
    "type": "array",
    "minItems": 40,
    "items": {
        "type": "object",
        "properties": {
            "item": {"type": "string", "maxLength": 40},
            "room": {"enum": ["cellar", "kitchen", "attic"]},
            "count": {"type": "integer"},
        },
        "required": ["item", "room", "count"],
        "additionalProperties": False,
    },
}
_DECODING = frozenset({"llama_decode", "llama_synchronize"})


@dataclass
class Clock:
    """Times of the calls into llama.cpp, in seconds."""

    inside: float = 0.0  # all calls
    decoding: list[tuple[float, float]] = field(default_factory=list)  # begin, end of each step

    def wrap(self, name: str, call: Callable[..., Any]) -> Callable[..., Any]:
        """The same call, timed."""

        def timed(*arguments: Any) -> Any:
            begun = time.perf_counter()
            result = call(*arguments)
            ended = time.perf_counter()
            self.inside += ended - begun
            if name == "llama_decode":
                self.decoding.append((begun, ended))
            elif name == "llama_synchronize" and self.decoding:
                self.decoding[-1] = (self.decoding[-1][0], ended)
            return result

        return timed


@dataclass(frozen=True)
class Steps:
    """What one load of the engine cost."""

    python: float  # share of the wall time outside the C library, percent
    around: float  # share outside llama_decode, percent
    between: list[float]  # milliseconds from one step's end to the next one's begin
    tokens: int


@contextmanager
def timed() -> Iterator[Clock]:
    """llama_cpp with its calls timed."""
    clock = Clock()
    originals = {
        name: call
        for name, call in vars(lib).items()
        if name.startswith("llama_") and callable(call) and not isinstance(call, type)
    }
    for name, call in originals.items():
        setattr(lib, name, clock.wrap(name, call))
    try:
        yield clock
    finally:
        for name, call in originals.items():
            setattr(lib, name, call)


def load(engine: Engine, clock: Clock, streams: int, grammar: str | None) -> Steps:
    """Run `streams` generations together; the first step, which reads the prompts, is left out."""
    events: queue.SimpleQueue[Piece | Done | HearthError] = queue.SimpleQueue()
    clock.decoding.clear()
    for number in range(streams):
        work = Generation(
            caller="bench",
            prompt=_PROMPT.format(number=number),
            max_tokens=TOKENS,
            sampling=Sampling(temperature=0),
            grammar=grammar,
        )
        engine.submit(work, events.put)
    while len(clock.decoding) < 4:
        time.sleep(0.001)
    begun, inside = time.perf_counter(), clock.inside
    first = len(clock.decoding)
    tokens = _finish(events, streams)
    wall = clock.decoding[-1][1] - begun
    steps = clock.decoding[first:]
    computing = sum(end - begin for begin, end in steps)
    return Steps(
        python=100 * max(0.0, wall - (clock.inside - inside)) / wall,
        around=100 * max(0.0, wall - computing) / wall,
        between=[1000 * (after[0] - before[1]) for before, after in pairwise(steps)],
        tokens=tokens,
    )


def _finish(events: queue.SimpleQueue[Any], streams: int) -> int:
    tokens = 0
    while streams:
        event = events.get(timeout=120)
        if isinstance(event, HearthError):
            raise event
        if isinstance(event, Done):
            streams -= 1
            tokens += event.completion_tokens
    return tokens


def measure(model: str, gguf: Path, threads: int = 2) -> list[Row]:
    """The rows of one model."""
    with timed() as clock:
        spec = ChatSpec(path=gguf, name=model, context=8_192, parallel=STREAMS, threads=threads)
        engine = Engine(spec)
        try:
            load(engine, clock, 1, None)  # what is loaded once
            together = load(engine, clock, STREAMS, None)
            free = load(engine, clock, 1, None)
            bound = load(engine, clock, 1, of_schema(_SCHEMA))
        finally:
            engine.close()
    eight = f"{model}: of a step with {STREAMS} streams,"
    alone = f"{model}: outside llama_decode, a token"
    return [
        at_most(f"{eight} in Python", together.python, "%", PYTHON_PERCENT),
        Row(f"{eight} outside llama_decode", together.around, "%"),
        Row(f"{alone}, free, mean", statistics.mean(free.between), "ms"),
        Row(f"{alone}, free, median", statistics.median(free.between), "ms"),
        at_most(
            f"{alone}, under a grammar, mean", statistics.mean(bound.between), "ms", GRAMMAR_MS
        ),
        Row(f"{alone}, under a grammar, median", statistics.median(bound.between), "ms"),
    ]


def main() -> None:
    """Print the rows of the chosen models."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--models", nargs="+", default=list(MODELS))
    parser.add_argument("--threads", type=int, default=2)
    chosen = parser.parse_args()
    library = Library(Settings().models)
    rows = []
    for name in chosen.models:
        rows += measure(name, library.path_of(name), chosen.threads)
    print(table(rows))


if __name__ == "__main__":
    main()
