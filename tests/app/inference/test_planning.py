"""What fits where: never more than a device has, and never worse with more."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hearth.core.errors import BadInput
from hearth.inference.models.description import guess
from hearth.inference.models.devices import Box, Gpu, box, parse, present, size_of
from hearth.inference.models.planning import Placement, Wanted, plan

GIB = 2**30
EMBEDDING = Wanted("embedding", None, 90_000_000)


def chat(size: float, context: int = 16_384, **how: object) -> Wanted:
    weights = int(size * GIB)
    return Wanted("chat", guess("chat", weights), weights, context, **how)  # type: ignore[arg-type]


def machine(ram: float, *gpus: float) -> Box:
    sizes = [int(size * GIB) for size in gpus]
    cards = tuple(Gpu(index, "card", size, size) for index, size in enumerate(sizes))
    return Box(int(ram * GIB), int(ram * GIB), cards)


def places(wanted: Sequence[Wanted], where: Box) -> list[tuple[str, tuple[int, ...]]]:
    return [(placement.where, placement.gpus) for placement in plan(wanted, where)]


def rank(placement: Placement) -> tuple[int, int, int]:
    """How well a model is off: it fits, so many layers on GPUs, with so much context."""
    return placement.where != "nowhere", placement.gpu_layers, placement.largest


def test_each_kind_of_place() -> None:
    assert places([chat(4)], machine(16)) == [("ram", ())]
    assert places([chat(4)], machine(16, 24)) == [("gpu", (0,))]
    assert places([chat(18, 4_096)], machine(16, 14, 14)) == [("split", (0, 1))]
    assert places([chat(9, 4_096)], machine(16, 6)) == [("partly", (0,))]
    assert places([chat(40)], machine(16, 6)) == [("nowhere", ())]


def test_models_make_room_for_each_other() -> None:
    # The first takes the smaller GPU that holds it, so that the second finds room.
    assert places([chat(4), chat(14)], machine(8, 24, 9)) == [("gpu", (1,)), ("gpu", (0,))]
    assert places([chat(4), EMBEDDING], machine(8, 24)) == [("gpu", (0,)), ("ram", ())]
    # Rather both in RAM and on the GPU than one of them nowhere.
    both = plan([chat(5), chat(5)], machine(10, 8.5))
    assert sorted(placement.where for placement in both) == ["gpu", "ram"]


def test_what_the_configuration_says_is_kept() -> None:
    assert places([chat(4, gpus=(1,))], machine(16, 24, 24)) == [("gpu", (1,))]
    assert places([chat(4, gpu_layers=0)], machine(16, 24)) == [("ram", ())]
    (some,) = plan([chat(4, gpu_layers=7)], machine(16, 24))
    assert (some.where, some.gpu_layers) == ("partly", 7)
    (split,) = plan([chat(4, gpus=(0, 1), shares=(3.0, 1.0))], machine(16, 24, 24))
    assert split.shares == (3.0, 1.0)
    first, second = split.takes.gpus
    assert first.weights > 2 * second.weights


def test_the_largest_context_fits_and_no_larger() -> None:
    where = machine(16, 8)
    (placement,) = plan([chat(4)], where)
    (again,) = plan([chat(4, placement.largest)], where)
    assert (again.where, again.gpu_layers) == (placement.where, placement.gpu_layers)
    (more,) = plan([chat(4, placement.largest + 1_024)], where)
    assert rank(more) < rank(again)


SIZES = st.floats(0.5, 40)
MODELS = st.lists(st.builds(chat, SIZES, st.sampled_from([4_096, 16_384])), min_size=1, max_size=3)
BOXES = st.builds(
    lambda ram, gpus: machine(ram, *gpus), st.floats(1, 64), st.lists(SIZES, max_size=3)
)


@given(MODELS, BOXES)
@settings(max_examples=60, deadline=None)
def test_no_device_gets_more_than_it_has(wanted: list[Wanted], where: Box) -> None:
    taken: Counter[int | str] = Counter()
    for placement in plan([*wanted, EMBEDDING], where):
        assert len(placement.takes.gpus) == len(placement.gpus)
        if placement.where != "nowhere":
            taken["ram"] += placement.takes.ram.total
            for index, part in zip(placement.gpus, placement.takes.gpus, strict=True):
                taken[index] += part.total
    assert taken["ram"] <= where.free
    assert all(taken[gpu.index] <= gpu.free for gpu in where.gpus)


@given(st.builds(chat, SIZES), st.floats(1, 64), SIZES, st.floats(0, 30), st.floats(0, 30))
@settings(max_examples=60, deadline=None)
def test_more_memory_is_never_worse(
    wanted: Wanted, ram: float, gpu: float, more_ram: float, more_gpu: float
) -> None:
    (before,) = plan([wanted], machine(ram, gpu))
    (after,) = plan([wanted], machine(ram + more_ram, gpu + more_gpu))
    assert rank(before)[:2] <= rank(after)[:2]
    (without,) = plan([wanted], machine(ram))
    assert rank(without)[:2] <= rank(before)[:2]


@given(MODELS, st.floats(1, 64), st.floats(0, 30))
@settings(max_examples=60, deadline=None)
def test_more_ram_makes_more_models_fit(wanted: list[Wanted], ram: float, more: float) -> None:
    def fitting(where: Box) -> int:
        return sum(placement.where != "nowhere" for placement in plan(wanted, where))

    assert fitting(machine(ram)) <= fitting(machine(ram + more))


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("24G", 24 * GIB),
        ("24 GiB", 24 * GIB),
        ("1.5g", 3 * GIB // 2),
        ("512M", GIB // 2),
    ],
)
def test_sizes(text: str, size: int) -> None:
    assert size_of(text) == size


@pytest.mark.parametrize("text", ["", "G", "-1G", "0", "24X", "99999999T", "nan"])
def test_what_is_no_size_is_refused(text: str) -> None:
    with pytest.raises(BadInput, match="is no size"):
        size_of(text)


def test_nvidia_smi_is_read() -> None:
    said = "0, NVIDIA GeForce RTX 4090, 24564, 24210\n1, NVIDIA GB10, [N/A], [N/A]\n\n"
    assert parse(said) == (Gpu(0, "NVIDIA GeForce RTX 4090", 24_564 * 2**20, 24_210 * 2**20),)


def test_without_nvidia_smi_there_is_no_gpu(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert present() == ()
    assert box().total > box().free > 0
    program = tmp_path / "nvidia-smi"
    program.write_text("#!/bin/sh\necho '0, A card, 1000, 900'\n")
    program.chmod(0o755)
    assert [gpu.free for gpu in box().gpus] == [900 * 2**20]
    program.write_text("#!/bin/sh\necho 'no driver' >&2\nexit 9\n")
    assert box().gpus == ()
