"""GGUF files for tests: a header of our own making, and weights that are a hole in the file."""

from __future__ import annotations

import math
import os
import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from hearth.inference.models.gguf_header import TYPES

Values = Mapping[str, "int | float | bool | str | Sequence[str] | Sequence[int]"]
_NUMBERS = {name: number for number, (name, _, _) in TYPES.items()}


@dataclass(frozen=True)
class Info:
    """A tensor to be."""

    name: str
    shape: tuple[int, ...]
    type: str = "F32"

    @property
    def bytes(self) -> int:
        """What it takes in the file."""
        _, elements, size = TYPES[_NUMBERS[self.type]]
        return math.prod(self.shape) // elements * size


def text(value: str) -> bytes:
    """A string as GGUF has it."""
    data = value.encode()
    return struct.pack("<Q", len(data)) + data


def value_of(value: object) -> bytes:
    """A value with its type before it."""
    if isinstance(value, bool):
        return struct.pack("<I?", 7, value)
    if isinstance(value, int):
        return struct.pack("<II", 4, value)
    if isinstance(value, float):
        return struct.pack("<If", 6, value)
    if isinstance(value, str):
        return struct.pack("<I", 8) + text(value)
    assert isinstance(value, Sequence)
    if value and isinstance(value[0], int):
        return struct.pack(f"<IIQ{len(value)}i", 9, 5, len(value), *value)
    return struct.pack("<IIQ", 9, 8, len(value)) + b"".join(map(text, value))


def header(values: Values, tensors: Sequence[Info] = (), *, version: int = 3) -> bytes:
    """All that stands before the weights."""
    parts = [b"GGUF", struct.pack("<IQQ", version, len(tensors), len(values))]
    parts += [text(key) + value_of(value) for key, value in values.items()]
    offset = 0
    for info in tensors:
        dimensions = struct.pack(f"<I{len(info.shape)}Q", len(info.shape), *info.shape)
        parts.append(text(info.name) + dimensions)
        parts.append(struct.pack("<IQ", _NUMBERS[info.type], offset))
        offset += -(-info.bytes // 32) * 32
    return b"".join(parts)


def write(path: Path, values: Values, tensors: Sequence[Info] = ()) -> Path:
    """A whole file; the weights take no room on the disk."""
    data = header(values, tensors)
    path.write_bytes(data)
    begin = -(-len(data) // 32) * 32
    os.truncate(path, begin + sum(-(-info.bytes // 32) * 32 for info in tensors))
    return path


@dataclass(frozen=True)
class Chat:
    """A transformer of the llama or qwen3 family; `experts` makes it a mixture."""

    architecture: str = "llama"
    layers: int = 32
    embedding: int = 4096
    forward: int = 14336
    heads: int = 32
    kv_heads: int = 8
    head: int = 128
    vocabulary: int = 32768
    context: int = 32768
    experts: int = 0
    used: int = 0
    type: str = "Q4_K"
    output: str = "Q6_K"

    def values(self) -> dict[str, int | float | str]:
        """Its metadata."""
        name = self.architecture
        known: dict[str, int | float | str] = {
            "general.architecture": name,
            "tokenizer.ggml.model": "no_vocab",
            f"{name}.vocab_size": self.vocabulary,
            f"{name}.block_count": self.layers,
            f"{name}.context_length": self.context,
            f"{name}.embedding_length": self.embedding,
            f"{name}.feed_forward_length": self.forward,
            f"{name}.attention.head_count": self.heads,
            f"{name}.attention.head_count_kv": self.kv_heads,
            f"{name}.attention.key_length": self.head,
            f"{name}.attention.value_length": self.head,
            f"{name}.rope.dimension_count": self.head,
            f"{name}.attention.layer_norm_rms_epsilon": 1e-6,
        }
        if self.experts:
            known |= {
                f"{name}.expert_count": self.experts,
                f"{name}.expert_used_count": self.used,
                f"{name}.expert_feed_forward_length": self.forward,
            }
        return known

    def tensors(self) -> list[Info]:
        """Its tensors."""
        found = [
            Info("token_embd.weight", (self.embedding, self.vocabulary), self.type),
            Info("output_norm.weight", (self.embedding,)),
            Info("output.weight", (self.embedding, self.vocabulary), self.output),
        ]
        for layer in range(self.layers):
            found += [
                Info(f"blk.{layer}.{rest.name}", rest.shape, rest.type) for rest in self._layer()
            ]
        return found

    def _layer(self) -> list[Info]:
        wide, q, kv = self.embedding, self.heads * self.head, self.kv_heads * self.head
        found = [
            Info("attn_norm.weight", (wide,)),
            Info("attn_q.weight", (wide, q), self.type),
            Info("attn_k.weight", (wide, kv), self.type),
            Info("attn_v.weight", (wide, kv), self.output),
            Info("attn_output.weight", (q, wide), self.type),
            Info("ffn_norm.weight", (wide,)),
        ]
        if self.architecture.startswith("qwen3"):
            found += [Info(f"attn_{which}_norm.weight", (self.head,)) for which in "qk"]
        many = (self.experts,) if self.experts else ()
        suffix = "_exps" if self.experts else ""
        found += [
            Info(f"ffn_gate{suffix}.weight", (wide, self.forward, *many), self.type),
            Info(f"ffn_up{suffix}.weight", (wide, self.forward, *many), self.type),
            Info(f"ffn_down{suffix}.weight", (self.forward, wide, *many), self.output),
        ]
        if self.experts:
            found.append(Info("ffn_gate_inp.weight", (wide, self.experts)))
        return found
