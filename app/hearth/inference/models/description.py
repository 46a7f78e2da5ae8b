"""What a chat model is made of, as far as its memory depends on it."""

from __future__ import annotations

import math
import re
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from hearth.core.errors import Damaged
from hearth.inference.models import gguf_header
from hearth.inference.models.gguf_header import Header, Tensor

# llama.cpp's kernels for processors want these in another order, and keep them twice (AVX2; Arm
# reorders more). Matrices alone, and none whose rows are only looked up.
_REORDERED = frozenset({"Q4_0", "Q4_K", "Q2_K", "IQ4_NL", "MXFP4"})
_LAYER = re.compile(r"^blk\.(\d+)\.")
# Layers of these keep a state for each sequence in place of a cache; most say how large it is.
_RECURRENT = frozenset(
    [
        "bailingmoe3",
        "deepseek4",
        "glm5-next",
        "kimi-k3",
        "kimi-linear",
        "minimax-01",
        "qwen35",
        "qwen35moe",
        "qwen3next",
        "qwen4exp",
    ]
)
_FLOAT = 4
_MOST = 1 << 24  # of any size in a model; the largest vocabularies have 300,000 tokens
_MOST_LAYERS = 4_096


@dataclass(frozen=True)
class Weights:
    """Bytes of tensors, and how many of them are kept a second time for a processor's kernels."""

    bytes: int = 0
    reordered: int = 0

    def __add__(self, other: Weights) -> Weights:
        return Weights(self.bytes + other.bytes, self.reordered + other.reordered)


@dataclass(frozen=True)
class Description:
    """A model as its GGUF describes it; sizes in elements unless they say bytes."""

    architecture: str
    title: str
    quantisation: str  # of most bytes
    parameters: int
    layers: tuple[Weights, ...]
    input: Weights  # embeddings of tokens and whatever belongs to no layer
    output: Weights
    tied: bool  # the output has no weights but those of the input
    embedding: int
    feed_forward: int
    heads: int
    kv_heads: tuple[int, ...]  # of each layer
    key_length: int
    value_length: int  # 0 where the cache keeps no values
    trained_context: int
    window: int  # of attention in some layers; 0 where every layer sees everything
    experts: int
    experts_used: int
    vocabulary: int
    texts: int  # of the vocabulary and its merges
    has_template: bool
    state_bytes: int  # that a sequence takes in a recurrent layer
    recurrent: bool  # not all layers have a cache as we know it: the figures are a bound

    @property
    def bytes(self) -> int:
        """All weights."""
        return (sum(self.layers, self.input) + self.output).bytes

    def cache_bytes(self, layer: int, cells: int) -> int:
        """The KV cache of one layer: keys and values in 16 bits for each token."""
        return 2 * self.kv_heads[layer] * (self.key_length + self.value_length) * cells


def describe(path: Path) -> Description:
    """The model in the GGUF at `path`; raises as gguf_header.read does."""
    return of(gguf_header.read(path))


def of(header: Header) -> Description:
    """The model that a header describes; Damaged where its sizes are missing or absurd."""
    keys = _Keys(header)
    count = keys.number("block_count", most=_MOST_LAYERS)
    heads = max(keys.numbers("attention.head_count", count, 1))
    embedding = keys.number("embedding_length")
    key_length = keys.longest("attention.key_length", embedding // heads)
    state = _state(keys, embedding, heads, key_length)
    groups = _grouped(header.tensors, count)
    return Description(
        architecture=keys.architecture,
        title=str(header.metadata.get("general.name", header.path.stem)),
        quantisation=_quantisation(header.tensors),
        parameters=sum(math.prod(tensor.shape) for tensor in header.tensors),
        layers=groups[:count],
        input=groups[count],
        output=groups[count + 1],
        tied=all(tensor.name != "output.weight" for tensor in header.tensors),
        embedding=embedding,
        feed_forward=max(keys.numbers("feed_forward_length", count, 4 * embedding)),
        heads=heads,
        kv_heads=keys.numbers("attention.head_count_kv", count, heads),
        key_length=key_length,
        value_length=keys.values(embedding // heads),
        trained_context=keys.number("context_length"),
        window=keys.number("attention.sliding_window", 0),
        experts=keys.number("expert_count", 0),
        experts_used=keys.number("expert_used_count", 0),
        vocabulary=header.lengths.get("tokenizer.ggml.tokens", 0) or keys.number("vocab_size"),
        texts=sum(
            header.lengths.get(f"tokenizer.ggml.{which}", 0) for which in ("tokens", "merges")
        ),
        has_template="tokenizer.chat_template" in header.metadata,
        state_bytes=state * _FLOAT,
        recurrent=state > 0,
    )


def _state(keys: _Keys, embedding: int, heads: int, key_length: int) -> int:
    """The most numbers that a sequence takes in a recurrent layer; 0 where there are none.

    Mamba and its kin, RWKV, short convolutions, and linear attention, as llama.cpp sizes them.
    """
    inner, size = keys.number("ssm.inner_size", 0), keys.number("ssm.state_size", 0)
    kernel, groups = keys.number("ssm.conv_kernel", 0), keys.number("ssm.group_count", 0)
    mamba = inner * size + kernel * (inner + 2 * groups * size)
    others = embedding * (keys.number("wkv.head_size", 0) + keys.number("shortconv.l_cache", 0))
    if others:  # the shifted tokens of RWKV
        others += 2 * embedding
    linear = keys.number("kda.head_dim", 0)
    if keys.architecture in _RECURRENT:
        linear = max(linear, key_length)
    return max(mamba, others, heads * linear * (linear + 3 * max(kernel, 4)))


class _Keys:
    """The sizes in a header, under the architecture's own prefix."""

    def __init__(self, header: Header) -> None:
        self._header = header
        self.architecture = str(header.metadata.get("general.architecture", ""))

    def number(self, key: str, otherwise: int | None = None, *, most: int = _MOST) -> int:
        return self.numbers(key, 1, otherwise, most=most)[0]

    def numbers(
        self, key: str, layers: int, otherwise: int | None = None, *, most: int = _MOST
    ) -> tuple[int, ...]:
        """One for each layer, where the file has one for all as well."""
        found = self._header.metadata.get(f"{self.architecture}.{key}", otherwise)
        listed = found if isinstance(found, tuple) else (found,) * layers
        numbers = tuple(number for number in listed if type(number) is int and 0 <= number <= most)
        if len(numbers) < max(layers, 1) or (otherwise is None and not numbers[0]):
            raise Damaged(
                f"{self.architecture}.{key} is {str(found)[:40]}",
                where=str(self._header.path),
                remedy="This is no chat model that Hearth knows; pull the model again.",
            )
        return numbers[:layers]

    def longest(self, key: str, otherwise: int) -> int:
        """Of layers that see everything and of those that see a window."""
        return max(self.number(key, otherwise), self.number(f"{key}_swa", 0))

    def values(self, otherwise: int) -> int:
        """With latent attention (MLA) the keys alone are kept."""
        latent = self.number("attention.key_length_mla", 0)
        return 0 if latent else self.longest("attention.value_length", otherwise)


def _grouped(tensors: tuple[Tensor, ...], layers: int) -> tuple[Weights, ...]:
    """The weights of each layer, of the input and of the output."""
    groups = [Weights()] * (layers + 2)
    for tensor in tensors:
        found = _LAYER.match(tensor.name)
        output = tensor.name.startswith("output")
        place = int(found[1]) if found else layers + output
        matrix = len(tensor.shape) > 1 and (found or output)
        reordered = matrix and tensor.type in _REORDERED and tensor.shape[1] % 8 == 0
        weights = Weights(tensor.bytes, tensor.bytes if reordered else 0)
        groups[min(place, layers + 1)] += weights
    return tuple(groups)


def _quantisation(tensors: tuple[Tensor, ...]) -> str:
    bytes_of: Counter[str] = Counter()
    for tensor in tensors:
        bytes_of[tensor.type] += tensor.bytes
    return bytes_of.most_common(1)[0][0] if bytes_of else "none"


def guess(name: str, size: int) -> Description:
    """A model of which only the size in bytes is known, as today's are built.

    Forty layers, and a cache that grows with the root of the size: for those of 1 to 70 billion
    parameters that we know it is between 0.9 and 2.4 times the truth.
    """
    layers = 40
    width = max(int(2.2 * size**0.5 / layers / 4), 1)
    embedding = max(int(0.055 * size**0.5), 256)
    return Description(
        architecture="",
        title=name,
        quantisation="",
        parameters=0,
        layers=(Weights(size // layers, 0),) * layers,
        input=Weights(size % layers),
        output=Weights(),
        tied=False,
        embedding=embedding,
        feed_forward=4 * embedding,
        heads=1,
        kv_heads=(1,) * layers,
        key_length=width,
        value_length=width,
        trained_context=32_768,
        window=0,
        experts=0,
        experts_used=0,
        vocabulary=151_936,
        texts=303_000,
        has_template=True,
        state_bytes=0,
        recurrent=False,
    )


_BILLIONS = re.compile(r"(\d+(?:\.\d+)?)b\b")
_BYTES_A_PARAMETER = 0.62  # of Q4_K_M, which the manifest's models are


def size_by_name(name: str) -> int | None:
    """Bytes of a Q4_K_M model whose name says how many billion parameters it has."""
    found = _BILLIONS.search(name.lower())
    return int(float(found[1]) * 1e9 * _BYTES_A_PARAMETER) if found else None
