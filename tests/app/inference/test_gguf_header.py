"""Reading a GGUF's header: what real files say, and what hostile ones end in."""

from __future__ import annotations

import contextlib
import struct
import time
import tracemalloc
from pathlib import Path

import pytest
from gguf_files import Chat, Info, header, text, value_of, write
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hearth.core.errors import Damaged, NotFound
from hearth.inference.models.description import describe
from hearth.inference.models.gguf_header import Tensor, read

TINY = Chat(layers=2, embedding=256, forward=512, heads=4, kv_heads=2, head=64, vocabulary=512)
SAMPLE = header(
    TINY.values() | {"words": ["one", "two"], "numbers": [1, 2, 3], "yes": True}, TINY.tensors()
)


def test_a_real_model_is_described(model_file: Path) -> None:
    begun = time.process_time()
    model = describe(model_file)
    assert time.process_time() - begun < 1
    assert (model.architecture, model.quantisation) == ("llama", "Q4_1")
    assert (len(model.layers), model.embedding, model.feed_forward) == (30, 576, 1536)
    assert (model.heads, set(model.kv_heads), model.key_length) == (9, {3}, 64)
    assert (model.vocabulary, model.texts) == (49_152, 49_152 + 48_900)
    assert (model.trained_context, model.window, model.experts) == (8_192, 0, 0)
    assert model.parameters == 134_515_008
    assert model.tied
    assert model.has_template
    assert not model.recurrent
    assert 0 < model_file.stat().st_size - model.bytes < 2_000_000


def test_what_was_written_is_read(tmp_path: Path) -> None:
    found = read(write(tmp_path / "m.gguf", TINY.values() | {"words": ["a"] * 9}, TINY.tensors()))
    assert found.metadata == pytest.approx(TINY.values())
    assert found.lengths == {"words": 9}
    assert found.tensors[0] == Tensor("token_embd.weight", "Q4_K", (256, 512), 512 * 144)


def test_layers_may_differ(tmp_path: Path) -> None:
    values = TINY.values() | {"llama.attention.head_count_kv": [2, 0]}
    model = describe(write(tmp_path / "m.gguf", values, TINY.tensors()))
    assert model.kv_heads == (2, 0)
    assert model.cache_bytes(1, 4_096) == 0


def test_the_parts_of_a_model_belong_together(tmp_path: Path) -> None:
    tensors = TINY.tensors()
    first = tmp_path / "m-00001-of-00002.gguf"
    write(first, TINY.values() | {"split.count": 2}, tensors[:5])
    second = tmp_path / "m-00002-of-00002.gguf"
    with pytest.raises(NotFound, match="no such file"):
        read(first)
    write(second, {"split.count": 2}, tensors[5:])
    assert len(read(first).tensors) == len(tensors)
    with pytest.raises(Damaged, match="not the first"):
        read(second)


def broken(tmp_path: Path, data: bytes) -> str:
    """What is said of a file with these bytes."""
    path = tmp_path / "broken.gguf"
    path.write_bytes(data)
    tracemalloc.start()
    begun = time.process_time()
    with pytest.raises(Damaged) as caught:
        read(path)
    assert time.process_time() - begun < 2
    assert tracemalloc.get_traced_memory()[1] < 20_000_000
    tracemalloc.stop()
    assert caught.value.where == str(path)
    assert caught.value.remedy
    return caught.value.message


def counts(tensors: int, keys: int) -> bytes:
    return b"GGUF" + struct.pack("<IQQ", 3, tensors, keys)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "cut off"),
        (b"GGML" + SAMPLE[4:], "not a GGUF"),
        (b"GGUF" + struct.pack(">IQQ", 3, 0, 0), "big-endian"),
        (b"GGUF" + struct.pack("<IQQ", 1, 0, 0), "version 1"),
        (b"GGUF" + struct.pack("<IQQ", 4, 0, 0), "version 4"),
        (counts(2**63, 0), "claims 9223372036854775808"),
        (counts(0, 5_000_000_000), "claims 5000000000"),
        (counts(0, 1) + struct.pack("<Q", 2**40) + b"a" * 20, "claims"),
        (counts(0, 1) + text("key") + struct.pack("<I", 77) + b"a" * 20, "unknown type 77"),
        (counts(0, 1) + text("key") + struct.pack("<IQ", 8, 2**62) + b"a" * 9, "claims"),
        (counts(0, 1) + text("key") + struct.pack("<IIQ", 9, 9, 1) + b"a" * 9, "unknown type 9"),
        (counts(0, 1) + text("key") + struct.pack("<IIQ", 9, 8, 2**60) + b"a" * 9, "claims"),
        (counts(0, 1) + text("key") + struct.pack("<IIQ", 9, 8, 2) + b"\xff" * 32, "cut off"),
        (counts(0, 2) + 2 * (text("key") + value_of(1)), "twice"),
        (counts(0, 1) + struct.pack("<Q", 3) + b"\xff\xfe\xfd" + value_of(1) * 2, "no UTF-8"),
        (counts(1, 0) + text("t") + struct.pack("<I", 9) + b"\0" * 99, "9 dimensions"),
        (counts(1, 0) + text("t") + struct.pack("<IQIQ", 1, 32, 99, 0), "unknown type 99"),
        (counts(1, 0) + text("t") + struct.pack("<IQIQ", 1, 33, 2, 0), "no whole blocks"),
        (counts(1, 0) + text("t") + struct.pack("<IQIQ", 1, 2**62, 0, 2**63), "cut off"),
        (header({}, [Info("t", (32,)), Info("t", (32,))]) + b"\0" * 512, "same name"),
        (header({"general.alignment": 0}, []), "alignment"),
        (SAMPLE, "cut off: "),
    ],
)
def test_a_hostile_file_is_named(tmp_path: Path, data: bytes, words: str) -> None:
    assert words in broken(tmp_path, data)


def test_a_file_of_holes_takes_no_time(tmp_path: Path) -> None:
    """A sparse file can hold any count; each is refused before it is believed."""
    path = tmp_path / "holes.gguf"
    many = counts(0, 2) + text("a") + struct.pack("<IIQ", 9, 8, 4_000_000) + b"\0" * 32_000_000
    path.write_bytes(many + text("b") + struct.pack("<IIQ", 9, 8, 4_000_000))
    with path.open("ab") as file:
        file.truncate(2**40)
    with pytest.raises(Damaged, match="more than 4194304 strings"):
        read(path)


@given(st.integers(0, len(SAMPLE) - 1))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_every_truncation_is_seen(tmp_path: Path, length: int) -> None:
    broken(tmp_path, SAMPLE[:length])


@given(st.lists(st.tuples(st.integers(0, len(SAMPLE) - 1), st.integers(0, 255)), max_size=8))
@settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=500
)
def test_any_change_is_read_or_refused(tmp_path: Path, changes: list[tuple[int, int]]) -> None:
    data = bytearray(SAMPLE + b"\0" * 600_000)
    for place, byte in changes:
        data[place] = byte
    path = tmp_path / "changed.gguf"
    path.write_bytes(data)
    with contextlib.suppress(Damaged):
        assert describe(path).bytes >= 0


@given(st.binary(max_size=400))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_noise_is_refused(tmp_path: Path, noise: bytes) -> None:
    path = tmp_path / "noise.gguf"
    path.write_bytes(b"GGUF" + struct.pack("<I", 3) + noise)
    with pytest.raises(Damaged):
        describe(path)
