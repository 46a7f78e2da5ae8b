"""Sentence embeddings on the CPU, loaded when first asked for, in a thread of their own."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from hearth.core.errors import Unavailable

_SLICE = 32  # texts a turn of the thread embeds, so that a question waits for one slice at most


class TextEmbedder(Protocol):
    """What the API needs of an embedding model."""

    async def embed(self, texts: Sequence[str]) -> Any:
        """A float32 array, one unit vector for each text."""


class SentenceEmbedder:
    """A sentence-transformers model in a local folder."""

    def __init__(self, path: Path, *, threads: int | None = None) -> None:
        self._path = path
        self._threads = threads or os.cpu_count() or 1
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="embedding")
        self._model: Any = None
        self.fault: str | None = None  # why the model could not be loaded

    async def load(self) -> None:
        """Load the model now, so that the first question need not wait for it."""
        await asyncio.get_running_loop().run_in_executor(self._thread, self._load)

    async def embed(self, texts: Sequence[str]) -> Any:
        """See TextEmbedder."""
        loop = asyncio.get_running_loop()
        parts = [
            await loop.run_in_executor(self._thread, self._encode, texts[at : at + _SLICE])
            for at in range(0, len(texts), _SLICE)
        ]
        return np.concatenate(parts)

    def close(self) -> None:
        """End the thread after what it is doing."""
        self._thread.shutdown(cancel_futures=True)

    def _load(self) -> None:
        if self._model is not None:
            return
        # Before the import, which reads them: nothing here may look for a hub.
        os.environ["HF_HUB_OFFLINE"] = os.environ["TRANSFORMERS_OFFLINE"] = "1"
        os.environ["HF_HUB_DISABLE_PROGRESS_BARS"] = "1"
        os.environ["TOKENIZERS_PARALLELISM"] = "false"
        try:
            self._model = _open(self._path, self._threads)
        except (ImportError, OSError, ValueError, RuntimeError) as error:
            self.fault = f"the embedding model cannot be loaded: {error}"
            raise Unavailable(
                self.fault, where=str(self._path), remedy="Run `hearth models verify`."
            ) from error

    def _encode(self, texts: Sequence[str]) -> Any:
        self._load()
        return self._model.encode(
            list(texts), normalize_embeddings=True, show_progress_bar=False, convert_to_numpy=True
        )


def _open(path: Path, threads: int) -> Any:
    import torch  # noqa: PLC0415 - seconds and 300 MB, so only when first used
    from sentence_transformers import SentenceTransformer  # noqa: PLC0415

    torch.set_num_threads(threads)
    return SentenceTransformer(str(path), device="cpu", local_files_only=True)
