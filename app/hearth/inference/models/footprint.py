"""The memory that a model takes once it is loaded, worked out from its description.

The formulas are those by which llama.cpp sizes its buffers (b-series of 2026, flash attention, a
unified cache in 16 bits), and the tests compare them with what it says and takes on a processor.
What a GPU needs besides (`_GPU_OWN`) is an allowance: it was not measured.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path

from hearth.inference.models.description import Description, Weights, describe

BATCH = 512  # tokens a step of the engine
OUTPUTS = 128  # of them that may have logits
SHELF = 2  # parts of the cache, of which one may be parked in RAM besides
_BESIDES = 44  # sequences of the engine besides the running ones
_CELLS = 256  # the cache grows in these
_FLOAT = 4
_MASK = 2  # bytes
_OWN = 80 * 2**20  # Python, llama.cpp and the engine
_TEXT_BYTES = 200  # an entry of the vocabulary, in llama.cpp's tables and ours
_GPU_OWN = 512 * 2**20  # CUDA's context, kernels and scratch
SENTENCES_OWN = 700_000_000  # a process with torch, without its model


@dataclass(frozen=True)
class Part:
    """Bytes on one device."""

    weights: int = 0
    cache: int = 0
    working: int = 0
    parked: int = 0  # what is kept outside the cache, at most

    @property
    def total(self) -> int:
        """All of it."""
        return self.weights + self.cache + self.working + self.parked


@dataclass(frozen=True)
class Footprint:
    """Bytes in RAM and on each GPU.

    `reclaimable` comes on top: file pages that the kernel keeps while there is room and drops
    without harm. Where `bound` is set the architecture's cache is not known in detail, and the
    figures are a bound from above.
    """

    ram: Part
    gpus: tuple[Part, ...] = ()
    reclaimable: int = 0
    bound: bool = False


def needed(path: Path, *, context: int, parallel: int, gpu_layers: int = 0, gpus: int = 0) -> int:
    """Bytes of RAM that the model's process will need, before it is loaded; from its header.

    With `gpu_layers` on `gpus` GPUs (equal shares) only what stays in RAM counts. Raises as
    gguf_header.read does.
    """
    shares = (1.0,) * gpus if gpu_layers else ()
    model = describe(path)
    return footprint(
        model, context=context, parallel=parallel, gpu_layers=gpu_layers, shares=shares
    ).ram.total


def footprint(
    model: Description,
    *,
    context: int,
    parallel: int = 8,
    gpu_layers: int = 0,
    shares: Sequence[float] = (),
    batch: int = BATCH,
    outputs: int = OUTPUTS,
) -> Footprint:
    """What a model takes, with `gpu_layers` of its layers (the output is one more) on GPUs.

    `shares` has a number for each GPU, as `tensor_split` has.
    """
    sequences = parallel + _BESIDES
    cells = -(-context // _CELLS) * _CELLS
    places = place(len(model.layers), gpu_layers, shares)
    parts = [_Bytes() for _ in range(1 + len(shares))]  # RAM first
    parts[0].weights += model.input
    for layer, device in enumerate(places[:-1]):
        parts[device].weights += model.layers[layer]
        parts[device].cache += model.cache_bytes(layer, cells) + model.state_bytes * sequences
    # The output layer of a tied model is a second copy of the input's on a GPU, and free in RAM.
    copied = Weights(model.input.bytes) if model.tied and places[-1] else Weights()
    parts[places[-1]].weights += model.output + copied
    mask, steps, logits = _working(model, cells, sequences, batch, outputs)
    compute = max(steps + mask, logits)
    inputs = mask + batch * model.embedding * _FLOAT
    rows = max(outputs, sequences) * model.vocabulary * _FLOAT
    own = _OWN + _TEXT_BYTES * model.texts + rows
    ram = Part(
        parts[0].weights.bytes,
        parts[0].cache,
        own + (compute if 0 in places else inputs),
        0 if any(places) or model.recurrent else parts[0].cache // SHELF,
    )
    # Several GPUs work on several steps at a time, each with its inputs.
    each = compute + _GPU_OWN + (3 * inputs if len(shares) > 1 else 0)
    gpus = tuple(
        Part(part.weights.bytes, part.cache, each if device in places else 0)
        for device, part in enumerate(parts[1:], start=1)
    )
    # What GPUs hold was read from the file; without GPUs the kernels' copies take its place.
    moved = sum(part.weights.bytes for part in parts[1:])
    reclaimable = moved if shares else parts[0].weights.reordered
    return Footprint(ram, gpus, reclaimable, bound=model.recurrent)


def place(layers: int, gpu_layers: int, shares: Sequence[float]) -> list[int]:
    """Where llama.cpp puts each layer and, last, the output: 0 is RAM, else the GPU's number + 1.

    The last layers go to the GPUs, the first of them to the first GPU.
    """
    count = min(gpu_layers, layers + 1) if shares else 0
    first = layers + 1 - count
    total = sum(shares)
    ends = [end / total for end in accumulate(shares)] if count else []
    return [
        0 if layer < first else 1 + min(bisect_right(ends, (layer - first) / count), len(ends) - 1)
        for layer in range(layers + 1)
    ]


class _Bytes:
    def __init__(self) -> None:
        self.weights = Weights()
        self.cache = 0


def _working(
    model: Description, cells: int, sequences: int, batch: int, outputs: int
) -> tuple[int, int, int]:
    """The attention's mask, the rest of a layer's step, and the output's step, in bytes."""
    rows = -(-batch // sequences) * sequences  # llama.cpp reserves for whole rounds
    wide, used = model.embedding, max(model.experts_used, 1)
    queries = model.heads * model.key_length
    forward = 3 * used * model.feed_forward + 3 * wide + max(wide, queries)
    experts = (2 * used + 6) * wide if model.experts else 0
    kv = max(model.kv_heads, default=0) * (model.key_length + model.value_length)
    attention = 3 * queries + 2 * kv + 2 * wide
    step = rows * max(forward, experts, attention) * _FLOAT
    logits = (outputs * model.vocabulary + 2 * (rows + outputs) * wide) * _FLOAT
    return rows * cells * _MASK, step, logits
