"""What fits where: models and the memory of a machine in, a place for each model out.

A pure function. Every way to place the models is tried: whole on one GPU, split over several, its
last layers on them, or in RAM. The best is the one in which most models fit; then the one that has
most of the first model on GPUs, then of the second; then the one that spreads them least.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from hearth.inference.models.description import Description
from hearth.inference.models.devices import Box
from hearth.inference.models.footprint import SENTENCES_OWN, Footprint, Part, footprint

Where = Literal["gpu", "split", "partly", "ram", "nowhere"]
_STEP = 1_024  # tokens between the contexts that are tried
_LEAST = 2_048  # the smallest that the configuration allows
_MOST = 1_048_576


@dataclass(frozen=True)
class Wanted:
    """A model that shall be loaded. What is not set is chosen."""

    name: str
    model: Description | None  # None for embeddings and rerankers
    bytes: int  # of its files
    context: int = 16_384
    parallel: int = 8
    gpus: tuple[int, ...] = ()  # those it may use; any when empty
    gpu_layers: int | None = None
    shares: tuple[float, ...] = ()
    estimated: bool = False  # the model is not here, and guessed from its size
    purpose: str = "chat"  # as the manifest says
    table: str = "engines.default"  # of the configuration that says how it is loaded

    def takes(self, layers: int, shares: Sequence[float], context: int | None = None) -> Footprint:
        """Its footprint with these layers on GPUs."""
        if self.model is None:
            return Footprint(Part(weights=self.bytes, working=SENTENCES_OWN))
        return footprint(
            self.model,
            context=context or self.context,
            parallel=self.parallel,
            gpu_layers=layers,
            shares=shares,
        )


@dataclass(frozen=True)
class Placement:
    """Where a model goes and what it takes there."""

    wanted: Wanted
    where: Where
    takes: Footprint
    gpus: tuple[int, ...] = ()
    gpu_layers: int = 0
    shares: tuple[float, ...] = ()
    largest: int = 0  # context that fits there, beside the others; 0 where none does


@dataclass(frozen=True)
class _Free:
    """What is left of a machine."""

    ram: int
    gpus: Mapping[int, int]

    def without(self, placement: Placement) -> _Free:
        gpus = dict(self.gpus)
        for index, part in zip(placement.gpus, placement.takes.gpus, strict=True):
            gpus[index] -= part.total
        ram = 0 if placement.where == "nowhere" else placement.takes.ram.total
        return _Free(self.ram - ram, gpus)

    def holds(self, takes: Footprint, gpus: Sequence[int]) -> bool:
        return takes.ram.total <= self.ram and all(
            part.total <= self.gpus[index] for index, part in zip(gpus, takes.gpus, strict=True)
        )


def plan(wanted: Sequence[Wanted], box: Box) -> tuple[Placement, ...]:
    """A place for each model on the machine, in the same order."""
    free = _Free(box.free, {gpu.index: gpu.free for gpu in box.gpus})
    best = max(_ways(tuple(wanted), free), key=_worth)
    return tuple(replace(placement, largest=_largest(placement, best, free)) for placement in best)


def _ways(wanted: tuple[Wanted, ...], free: _Free) -> Iterator[tuple[Placement, ...]]:
    if not wanted:
        yield ()
        return
    for option in _options(wanted[0], free):
        for rest in _ways(wanted[1:], free.without(option)):
            yield (option, *rest)


def _worth(way: tuple[Placement, ...]) -> tuple[object, ...]:
    fit = sum(placement.where != "nowhere" for placement in way)
    layers = tuple(placement.gpu_layers for placement in way)
    return fit, layers, tuple(-len(placement.gpus) for placement in way)


def _options(wanted: Wanted, free: _Free) -> Iterator[Placement]:
    """All places that hold the model, the tightest first; nowhere comes last."""
    placed = list(_on_gpus(wanted, free))
    yield from placed
    alone = Placement(wanted, "ram", wanted.takes(0, ()))
    pinned = wanted.gpu_layers not in (None, 0)
    if free.holds(alone.takes, ()) and not pinned:
        yield alone
    elif not placed:
        yield replace(alone, where="nowhere")


def _on_gpus(wanted: Wanted, free: _Free) -> Iterator[Placement]:
    allowed = [index for index in wanted.gpus or sorted(free.gpus) if index in free.gpus]
    if wanted.model is None or not allowed or wanted.gpu_layers == 0:
        return
    layers = len(wanted.model.layers) + 1
    whole = min(wanted.gpu_layers or layers, layers)
    many = tuple(allowed)
    shares = wanted.shares or _shares([free.gpus[index] for index in many])
    found = False
    if not wanted.shares or len(many) == 1:
        seen = set()
        for index in sorted(many, key=lambda index: free.gpus[index]):
            placement = _place(wanted, whole, (index,), (1.0,))
            if free.gpus[index] not in seen and free.holds(placement.takes, (index,)):
                seen.add(free.gpus[index])
                found = True
                yield placement
    if len(many) > 1 and len(shares) == len(many):
        placement = _place(wanted, whole, many, shares)
        if free.holds(placement.takes, many):
            found = True
            yield placement
    if not found and wanted.gpu_layers is None and len(shares) == len(many):
        yield from _partly(wanted, free, many, shares)


def _partly(
    wanted: Wanted, free: _Free, many: tuple[int, ...], shares: tuple[float, ...]
) -> Iterator[Placement]:
    assert wanted.model is not None
    for layers in range(len(wanted.model.layers), 0, -1):
        placement = _place(wanted, layers, many, shares)
        if free.holds(placement.takes, many):
            yield placement
            return


def _place(
    wanted: Wanted, layers: int, gpus: tuple[int, ...], shares: tuple[float, ...]
) -> Placement:
    assert wanted.model is not None
    all_of_them = layers > len(wanted.model.layers)
    where: Where = "partly" if not all_of_them else "split" if len(gpus) > 1 else "gpu"
    takes = wanted.takes(layers, shares)
    return Placement(wanted, where, takes, gpus, layers, shares)


def _shares(free: Sequence[int]) -> tuple[float, ...]:
    """Shares in proportion to what is free, in whole GiB where there are some."""
    return tuple(float(max(one >> 30, 1)) for one in free)


def _largest(placement: Placement, way: Sequence[Placement], free: _Free) -> int:
    """The largest context with which the model still fits where it is."""
    wanted = placement.wanted
    if wanted.model is None:
        return 0
    for other in way:
        if other is not placement:
            free = free.without(other)
    # A request can use as much as the model was trained for, and there may be several.
    least, most = 0, min(wanted.model.trained_context * wanted.parallel, _MOST) // _STEP
    while least < most:
        middle = (least + most + 1) // 2
        takes = wanted.takes(placement.gpu_layers, placement.shares, middle * _STEP)
        if free.holds(takes, placement.gpus):
            least = middle
        else:
            most = middle - 1
    return least * _STEP if least * _STEP >= _LEAST else 0
