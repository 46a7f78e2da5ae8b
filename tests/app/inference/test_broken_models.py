"""Files that are no models end in Damaged, and nothing goes on trying to load them."""

from __future__ import annotations

import contextlib
import random
import struct
import sys
from dataclasses import replace
from pathlib import Path

import gguf_weights
import numpy as np
import pytest
from model_workers import COMMAND

from hearth.core.errors import Damaged
from hearth.inference.engine.spec import ChatSpec
from hearth.inference.workers.chat import ChatWorker

HEADER = {"general.architecture": "llama", "general.type": "model"}


def faulty(path: Path, command: list[str] = COMMAND, **fields: object) -> Damaged:
    """Why it cannot be loaded; afterwards no process is left, and none is started."""
    spec = replace(ChatSpec(path, "broken", context=2_048, threads=2), **fields)  # type: ignore[arg-type]
    with contextlib.closing(ChatWorker(spec, command)) as worker:
        with pytest.raises(Damaged) as caught:
            worker.wait()
        process = worker.process.child._process
        assert process is not None
        process.wait(10)
        assert worker.process.child.ended
        assert worker.process.child._process is process
        assert caught.value.remedy
    return caught.value


@pytest.mark.parametrize("size", [0, 3, 24, 10_000, 4_000_000, 60_000_000])
def test_a_part_of_a_model_is_damaged(model_file: Path, tmp_path: Path, size: int) -> None:
    path = tmp_path / "part.gguf"
    with model_file.open("rb") as whole:
        path.write_bytes(whole.read(size))
    assert "cannot load" in str(faulty(path))


def test_a_header_with_other_tensors_is_damaged(tmp_path: Path) -> None:
    path = tmp_path / "odd.gguf"
    gguf_weights.write(path, HEADER, {"token_embd.weight": np.zeros((8, 8)), "x": np.zeros(3)})
    assert "cannot load" in str(faulty(path))


def test_numbers_that_are_none_are_damaged(model_file: Path, tmp_path: Path) -> None:
    path = tmp_path / "noise.gguf"
    data = bytearray(model_file.read_bytes())
    data[len(data) // 2 :] = b"\xff" * (len(data) - len(data) // 2)
    path.write_bytes(data)
    assert "nonsense" in str(faulty(path))


@pytest.mark.parametrize("seed", range(6))
def test_a_header_with_flipped_bytes_never_hangs(
    model_file: Path, tmp_path: Path, seed: int
) -> None:
    path = tmp_path / "flipped.gguf"
    data = bytearray(model_file.read_bytes())
    rng = random.Random(seed)  # noqa: S311 - the same bytes each time
    for at in (8, 16, 24, *(rng.randrange(32, 3_000) for _ in range(12))):
        data[at] ^= 1 << rng.randrange(8)
    struct.pack_into("<I", data, 4, 3)
    path.write_bytes(data)
    faulty(path)


@pytest.mark.parametrize("way", ["abort()", "_exit(1)", "kill(os.getpid(), 9)"])
def test_a_process_that_dies_three_times_while_loading_is_given_up(
    model_file: Path, tmp_path: Path, way: str
) -> None:
    tries = tmp_path / "tries"
    program = f"import os; open({str(tries)!r}, 'a').write('x'); os.{way}"
    fault = faulty(model_file, [sys.executable, "-c", program])
    assert "ends while it loads" in str(fault)
    assert "hearth models verify" in (fault.remedy or "")
    assert tries.read_text() == "xxx"


@pytest.mark.parametrize("kind", ["empty", "noise", "a model", "too wide", "not there"])
def test_a_file_that_is_no_adapter_is_damaged(model_file: Path, tmp_path: Path, kind: str) -> None:
    path = tmp_path / "adapter.gguf"
    if kind == "empty":
        path.write_bytes(b"")
    elif kind == "noise":
        path.write_bytes(b"GGUF" + bytes(range(256)) * 8)
    elif kind == "a model":
        path = model_file
    elif kind == "too wide":
        wide = {
            "blk.0.attn_q.weight.lora_a": np.ones((4, 900)),
            "blk.0.attn_q.weight.lora_b": np.ones((576, 4)),
        }
        values = {"general.architecture": "llama", "general.type": "adapter"}
        gguf_weights.write(path, values | {"adapter.type": "lora", "adapter.lora.alpha": 1.0}, wide)
    fault = faulty(model_file, adapters={"formal": path})
    assert "cannot use this LoRA adapter" in str(fault)
    assert fault.where == str(path)
