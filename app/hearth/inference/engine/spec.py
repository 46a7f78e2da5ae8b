"""What a model's process is told before it loads: all that it will ever know of the house."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal


@dataclass(frozen=True)
class ChatSpec:
    """A chat model and what it may use."""

    path: Path  # GGUF
    name: str
    context: int = 16_384  # tokens that all running requests share
    parallel: int = 8  # requests that run at the same time
    waiting: int = 64  # requests that may wait
    threads: int | None = None  # all cores when not set
    gpu_layers: int | None = None
    tensor_split: tuple[float, ...] = ()
    adapters: dict[str, Path] = field(default_factory=dict)  # LoRA, GGUF, by name
    prefixes: Path | None = None  # folder where common prefixes are kept
    digest: str = ""  # sha256 of the model; with another one nothing kept is used
    kind: Literal["chat"] = "chat"


@dataclass(frozen=True)
class SentenceSpec:
    """An embedding model or a reranker."""

    path: Path  # folder
    name: str
    kind: Literal["embedding", "rerank"] = "embedding"
    threads: int | None = None
