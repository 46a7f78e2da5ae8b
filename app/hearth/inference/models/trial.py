"""`python -m hearth.inference.models.trial GGUF`: does llama.cpp compute on this processor?

A build that does not fit ends its process at the first step, so it is tried in a process of its
own. Batches of several sizes are computed, because each takes another path through the kernels.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

from hearth.core.errors import Damaged, HearthError
from hearth.inference.engine.llama import Context, Model
from hearth.inference.engine.sampler import Sampler
from hearth.inference.generation import Sampling

_CELLS = 256
_BATCHES = (64, 16, 8, 1)  # rows
_TEXT = "The household's calendar, its payments and its letters. " * 16


def main() -> int:
    """The program; its exit status."""
    try:
        run(Path(sys.argv[1]))
    except HearthError as error:
        print(error, file=sys.stderr)  # noqa: T201
        return 1
    return 0


def run(path: Path) -> None:
    """Compute a few steps with the model at `path`; Damaged when the figures are no numbers."""
    model = Model(path)
    context = Context(model, cells=_CELLS, sequences=1, threads=2, batch=max(_BATCHES), outputs=1)
    sampler = Sampler(model, Sampling(temperature=0), None)
    try:
        _steps(model, context, sampler)
    finally:
        sampler.close()
        context.close()
        model.close()


def _steps(model: Model, context: Context, sampler: Sampler) -> None:
    tokens = model.tokenize(_TEXT)
    start = 0
    for rows in _BATCHES:
        row = context.add(tokens[start : start + rows], start, 0, logits=1)
        context.decode()
        start += rows
        if not np.isfinite(context.logits(row)).all():
            raise Damaged(
                "llama.cpp computes no numbers on this processor",
                remedy="Build it with -DGGML_NATIVE=OFF.",
            )
        sampler.sample(context, row)


if __name__ == "__main__":
    sys.exit(main())
