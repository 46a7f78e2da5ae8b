"""The C library's context: what would abort the process is refused."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from hearth.core.errors import BadConfiguration
from hearth.inference.engine.llama import Context, Model


@pytest.fixture
def context(model_file: Path) -> Iterator[Context]:
    """A bare context of 256 cells."""
    model = Model(model_file)
    context = Context(model, cells=256, sequences=2, threads=1, batch=8, outputs=2)
    yield context
    context.close()
    model.close()


@pytest.mark.parametrize(
    ("tokens", "sequence"), [([], 0), ([-1], 0), ([10**6], 0), ([5], 2), ([5], -1), ([5] * 9, 0)]
)
def test_what_would_abort_the_process_is_refused(
    context: Context, tokens: list[int], sequence: int
) -> None:
    with pytest.raises(ValueError, match=r"sequence|vocabulary|batch"):
        context.add(tokens, 0, sequence, logits=1)
    assert context.empty


def test_rows_without_logits_are_known(context: Context) -> None:
    context.add([5, 6], 0, 0, logits=1)
    context.decode()
    assert [context.has_logits(row) for row in (-1, 0, 1, 2)] == [False, False, True, False]


def test_sharing_is_checked(context: Context) -> None:
    context.add([5, 6, 7], 0, 0, logits=1)
    context.decode()
    assert context.share(0, 1, 2)
    assert context.length(1) == 2
    context.remove(1)
    assert not context.share(0, 1, 4)
    assert context.length(1) == 0


def test_shares_of_the_gpus_reach_llama(model_file: Path) -> None:
    model = Model(model_file, gpu_layers=0, tensor_split=(3.0, 1.0))
    try:
        assert list(model.shares)[:3] == [3.0, 1.0, 0.0]
        assert model.tokenize("Hello")
    finally:
        model.close()


def test_more_shares_than_devices_are_refused(model_file: Path) -> None:
    with pytest.raises(BadConfiguration, match="tensor_split"):
        Model(model_file, tensor_split=(1.0,) * 1_000)
