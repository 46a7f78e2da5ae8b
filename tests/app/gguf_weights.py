"""Writes small GGUF files, by the public specification (ggml's docs/gguf.md), version 3."""

from __future__ import annotations

import struct
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

_ALIGNMENT = 32
_FLOAT, _STRING, _F32 = 6, 8, 0


def write(path: Path, values: Mapping[str, str | float], tensors: Mapping[str, Any]) -> None:
    """A file with texts and floats as metadata, and float32 arrays (rows last) as tensors."""
    head = struct.pack("<4sIQQ", b"GGUF", 3, len(tensors), len(values))
    for key, value in values.items():
        head += _text(key)
        if isinstance(value, str):
            head += struct.pack("<I", _STRING) + _text(value)
        else:
            head += struct.pack("<If", _FLOAT, value)
    body = b""
    for name, array in tensors.items():
        sizes = array.shape[::-1]
        head += _text(name) + struct.pack(f"<I{len(sizes)}Q", len(sizes), *sizes)
        head += struct.pack("<IQ", _F32, len(body))
        body += _padded(np.ascontiguousarray(array, dtype="<f4").tobytes())
    path.write_bytes(_padded(head) + body)


def write_adapter(path: Path, *, seed: int, strength: float) -> None:
    """A LoRA adapter for smollm2-135m-instruct that says something else, at random."""
    rng = np.random.default_rng(seed)
    tensors = {}
    for layer in range(0, 30, 3):
        for weight, outputs in (("attn_q", 576), ("attn_output", 576)):
            name = f"blk.{layer}.{weight}.weight"
            tensors[f"{name}.lora_a"] = rng.normal(size=(4, 576))
            tensors[f"{name}.lora_b"] = strength * rng.normal(size=(outputs, 4))
    values: dict[str, str | float] = {
        "general.architecture": "llama",
        "general.type": "adapter",
        "adapter.type": "lora",
        "adapter.lora.alpha": 4.0,
    }
    write(path, values, tensors)


def _text(text: str) -> bytes:
    data = text.encode()
    return struct.pack("<Q", len(data)) + data


def _padded(data: bytes) -> bytes:
    return data + bytes(-len(data) % _ALIGNMENT)
