"""The memory a model is expected to need, beside what llama.cpp says and what a process takes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from gguf_files import Chat, Info, write

from hearth.inference.models.description import describe
from hearth.inference.models.footprint import BATCH, OUTPUTS, footprint, needed, place
from hearth.inference.models.library import Library

MIB = 2**20
BIG = "qwen2.5-coder-1.5b-instruct"

# In a process of its own: llama.cpp's log belongs to the process, and so does its memory.
SAYING = """
import json, re, sys
import llama_cpp as lib
from hearth.inference.engine import llama
said = []
@lib.llama_log_callback
def hear(level, text, _):
    said.append(text.decode("utf-8", "replace"))
llama._forward = hear
llama._start()
path, context, sequences, batch, outputs = sys.argv[1], *map(int, sys.argv[2:])
how = lib.llama_model_default_params()
how.no_alloc, how.load_mode = True, lib.LLAMA_LOAD_MODE_NONE
model = lib.llama_model_load_from_file(path.encode(), how)
params = lib.llama_context_default_params()
params.n_ctx, params.n_seq_max, params.n_outputs_max = context, sequences, outputs
params.n_batch = params.n_ubatch = batch
params.kv_unified = params.swa_full = params.no_perf = True
assert lib.llama_init_from_model(model, params)
text = "".join(said)
compute = re.search(r"CPU compute buffer size = +([0-9.]+)", text)[1]
cache = re.findall(r"llama_kv_cache: size = +([0-9.]+)", text)
print(json.dumps([float(compute), sum(map(float, cache))]))
"""
TAKING = """
import json, re, sys
from pathlib import Path
from hearth.inference.engine.context import Context
from hearth.inference.engine.llama import Model
path, context, sequences, batch, outputs = sys.argv[1], *map(int, sys.argv[2:])
model = Model(Path(path))
where = Context(
    model, cells=context, sequences=sequences, threads=2, batch=batch, outputs=outputs
)
tokens = (model.tokenize("Letters, payments and the calendar. " * 200) * 4)[:batch]
where.add(tokens, 0, 0, logits=1)
where.decode()
where.clear()
for sequence in range(8):
    where.add(tokens[:16], 0, sequence, logits=16)
where.decode()
rollup = Path("/proc/self/smaps_rollup").read_text()
status = Path("/proc/self/status").read_text()
kib = lambda key, text: int(re.search(rf"^{key}:\\s+(\\d+) kB", text, re.MULTILINE)[1])
print(json.dumps([kib("VmHWM", status) * 1024, kib("Anonymous", rollup) * 1024]))
"""
FAMILIES = {
    "mistral-7b": Chat(),
    "qwen3-32b": Chat("qwen3", 64, 5120, 25600, 64, 8, 128, 151936),
    "llama-70b": Chat("llama", 80, 8192, 28672, 64, 8, 128, 128256),
    "qwen3-30b-a3b": Chat("qwen3moe", 48, 2048, 768, 32, 4, 128, 151936, experts=128, used=8),
    "mixtral": Chat("llama", 32, 4096, 14336, 32, 8, 128, 32000, experts=8, used=2),
}


def child(script: str, path: Path, context: int) -> tuple[float, float]:
    """What a script prints about a model with a context."""
    numbers = [context, 8 + 44, BATCH, OUTPUTS]
    command = [sys.executable, "-c", script, str(path), *map(str, numbers)]
    environment = os.environ | {"GGML_NO_BACKTRACE": "1"}
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=environment)
    first, second = json.loads(done.stdout)
    return first, second


@pytest.mark.parametrize("family", FAMILIES)
def test_the_figures_are_those_that_llama_says(tmp_path: Path, family: str) -> None:
    path = write(tmp_path / "m.gguf", FAMILIES[family].values(), FAMILIES[family].tensors())
    model = describe(path)
    for context in (4_096, 65_536):
        compute, cache = child(SAYING, path, context)
        whole = footprint(model, context=context).ram
        assert whole.cache / MIB == pytest.approx(cache)
        # A GPU holds nothing else of it, so that its share is what llama.cpp says.
        gpu = footprint(model, context=context, gpu_layers=999, shares=(1.0,)).gpus[0]
        assert compute <= gpu.working / MIB - 512 + 1 < compute * 1.05 + 4


@pytest.mark.parametrize("context", [4_096, 16_384])
@pytest.mark.parametrize("name", ["smollm2-135m-instruct", BIG])
def test_a_process_takes_what_was_expected(models_dir: Path, name: str, context: int) -> None:
    library = Library(models_dir)
    if not library.has(name):
        pytest.skip(f"{name} is not here")
    path = library.path_of(name)
    expected = footprint(describe(path), context=context)
    peak, anonymous = child(TAKING, path, context)
    most = expected.ram.total - expected.ram.parked + expected.reclaimable  # it parks nothing
    print(name, context, f"expected {most / MIB:.0f} MiB, took {peak / MIB:.0f} MiB")
    assert peak - 100 * MIB < most < peak + max(0.15 * peak, 100 * MIB)
    assert anonymous < needed(path, context=context, parallel=8)


def test_layers_go_to_gpus_from_the_last(tmp_path: Path) -> None:
    assert place(4, 0, (1, 1)) == [0, 0, 0, 0, 0]
    assert place(4, 99, ()) == [0, 0, 0, 0, 0]
    assert place(4, 2, (1,)) == [0, 0, 0, 1, 1]
    assert place(4, 99, (1, 3)) == [1, 1, 2, 2, 2]


def test_what_gpus_hold_is_not_in_ram(tmp_path: Path) -> None:
    path = write(tmp_path / "m.gguf", Chat().values(), Chat().tensors())
    model = describe(path)
    alone = footprint(model, context=8_192)
    split = footprint(model, context=8_192, gpu_layers=33, shares=(1.0, 1.0))
    assert split.ram.weights == model.input.bytes
    assert split.ram.cache == 0
    assert split.ram.weights + sum(part.weights for part in split.gpus) == model.bytes
    assert sum(part.cache for part in split.gpus) == alone.ram.cache
    ram = needed(path, context=8_192, parallel=8, gpu_layers=33, gpus=2)
    assert ram == split.ram.total < needed(path, context=8_192, parallel=8) == alone.ram.total


def test_a_recurrent_model_has_a_bound(tmp_path: Path) -> None:
    values = Chat("qwen3next", 4).values() | {
        "qwen3next.ssm.state_size": 128,
        "qwen3next.ssm.inner_size": 4096,
        "qwen3next.ssm.conv_kernel": 4,
        "qwen3next.ssm.group_count": 16,
    }
    known = Chat("qwen3", 4)
    tensors = [*known.tensors(), Info("blk.0.ssm_a", (32,))]
    found = footprint(describe(write(tmp_path / "m.gguf", values, tensors)), context=4_096)
    plain = write(tmp_path / "n.gguf", known.values(), known.tensors())
    assert found.bound
    assert found.ram.cache > footprint(describe(plain), context=4_096).ram.cache
