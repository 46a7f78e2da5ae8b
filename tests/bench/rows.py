"""What a `llama_decode` step costs by its rows, one row a stream: the table behind padding."""

from __future__ import annotations

import argparse
import ctypes
import random
import statistics
import time
from collections.abc import Sequence
from pathlib import Path

import llama_cpp as lib

from hearth.config import Settings
from hearth.inference.models.library import Library

MODELS = ("smollm2-135m-instruct", "qwen2.5-coder-1.5b-instruct")
WIDEST = 24
PREFIX = 256  # tokens that each stream has behind it
_ORDER = 7  # seed of the order in which the widths are tried


class Steps:
    """A context in which `widest` sequences stand on one shared prefix."""

    def __init__(self, gguf: Path, widest: int, threads: int) -> None:
        lib.llama_log_set(_silent, ctypes.c_void_p(0))
        lib.llama_backend_init()
        self._model = lib.llama_model_load_from_file(
            str(gguf).encode(), lib.llama_model_default_params()
        )
        params = lib.llama_context_default_params()
        params.n_ctx = PREFIX + 2 * widest + 64
        params.n_batch = params.n_ubatch = PREFIX
        params.n_seq_max = widest
        params.n_threads = params.n_threads_batch = threads
        params.kv_unified = params.no_perf = True
        self._context = lib.llama_init_from_model(self._model, params)
        self._memory = lib.llama_get_memory(self._context)
        self._batch = lib.llama_batch_init(PREFIX, 0, 1)
        self._tokens = lib.llama_vocab_n_tokens(lib.llama_model_get_vocab(self._model))
        self._decode([(position, 0, position + 1 == PREFIX) for position in range(PREFIX)])
        for sequence in range(1, widest):
            lib.llama_memory_seq_cp(self._memory, 0, sequence, 0, PREFIX)

    def time(self, rows: int) -> float:
        """Seconds of one step with `rows` streams; the cache is then as before."""
        seconds = self._decode([(PREFIX, sequence, True) for sequence in range(rows)])
        for sequence in range(rows):
            lib.llama_memory_seq_rm(self._memory, sequence, PREFIX, -1)
        return seconds

    def _decode(self, rows: Sequence[tuple[int, int, bool]]) -> float:
        batch = self._batch
        batch.n_tokens = len(rows)
        for row, (position, sequence, logits) in enumerate(rows):
            batch.token[row] = 1000 + (position * 31 + sequence * 17) % (self._tokens - 2000)
            batch.pos[row] = position
            batch.n_seq_id[row] = 1
            batch.seq_id[row][0] = sequence
            batch.logits[row] = logits
        start = time.perf_counter()
        code = lib.llama_decode(self._context, batch)
        lib.llama_synchronize(self._context)
        seconds = time.perf_counter() - start
        if code:
            raise RuntimeError(f"llama_decode returned {code}")
        return seconds

    def close(self) -> None:
        """Free cache and weights."""
        lib.llama_batch_free(self._batch)
        lib.llama_free(self._context)
        lib.llama_model_free(self._model)


@lib.llama_log_callback  # type: ignore[untyped-decorator]
def _silent(_level: int, _text: bytes, _data: object) -> None:
    pass


def measure(gguf: Path, *, widest: int, rounds: int, threads: int) -> dict[int, list[float]]:
    """Milliseconds of every round for each number of rows, tried in mixed order."""
    steps = Steps(gguf, widest, threads)
    spent: dict[int, list[float]] = {rows: [] for rows in range(1, widest + 1)}
    order = random.Random(_ORDER)  # noqa: S311 - an order, no secret
    for rows in spent:  # the first of each width builds its graph
        steps.time(rows)
    for _ in range(rounds):
        for rows in order.sample(sorted(spent), len(spent)):
            spent[rows].append(1000 * steps.time(rows))
    steps.close()
    return spent


def table(measured: dict[str, dict[int, list[float]]]) -> str:
    """For each width and model the median, the least, and the median's cost a row."""
    lines = ["rows" + "".join(f" | {name}: median  min  median/row (ms)" for name in measured)]
    for rows in next(iter(measured.values())):
        cells = []
        for spent in measured.values():
            middle = statistics.median(spent[rows])
            cells.append(f" | {middle:8.1f} {min(spent[rows]):8.1f} {middle / rows:8.2f}")
        lines.append(f"{rows:4}" + "".join(cells))
    return "\n".join(lines)


def main() -> None:
    """Print the table of every model that is installed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--models", nargs="+", default=list(MODELS))
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--widest", type=int, default=WIDEST)
    parser.add_argument("--threads", type=int, default=2)
    chosen = parser.parse_args()
    library = Library(Settings().models)
    measured = {
        name: measure(
            library.path_of(name),
            widest=chosen.widest,
            rounds=chosen.rounds,
            threads=chosen.threads,
        )
        for name in chosen.models
    }
    print(f"{PREFIX} tokens behind each stream, {chosen.threads} threads, {chosen.rounds} rounds")
    print(table(measured))


if __name__ == "__main__":
    main()
