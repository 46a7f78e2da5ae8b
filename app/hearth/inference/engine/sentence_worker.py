"""The process of an embedding model or a reranker, through sentence-transformers.

It is told `{"embed": id, "texts": […]}` or `{"rank": id, "query": text, "texts": […]}`. It answers
`{"ready": {}}` first, then `{"vectors": id, "rows": n, "data": base64, "tokens": n}` (float32,
little-endian, row by row) or `{"scores": id, "scores": […]}`, or `{"failed": id, "problem": …}`.
"""

from __future__ import annotations

import base64
import os
from pathlib import Path
from typing import Any

from hearth.core.errors import HearthError, Unavailable
from hearth.inference.engine.lines import Lines, Message


class SentenceProcess:
    """A model of sentence-transformers behind the lines; `spec` has its kind, path and threads."""

    def __init__(self, lines: Lines, spec: Message) -> None:
        self._lines = lines
        path, threads = Path(spec["path"]), spec.get("threads") or os.cpu_count() or 1
        try:
            self._model = _open(spec["kind"], path, threads)
        except (ImportError, OSError, ValueError, RuntimeError) as error:
            raise Unavailable(
                f"the {spec['kind']} model cannot be loaded: {error}",
                where=str(path),
                remedy="Run `hearth models verify`.",
            ) from error

    def run(self) -> None:
        """Serve until the service closes its end."""
        self._lines.send({"ready": {}})
        self._lines.beat(lambda: True)
        for message in self._lines:
            try:
                self._handle(message)
            except (ValueError, RuntimeError) as error:
                fault: HearthError = Unavailable(f"the model failed: {error}")
                self._lines.fail(message.get("embed", message.get("rank")), fault)

    def _handle(self, message: Message) -> None:
        match message:
            case {"embed": int(at), "texts": texts}:
                vectors = self._model.encode(
                    texts, normalize_embeddings=True, show_progress_bar=False
                ).astype("<f4")
                self._lines.send(
                    {
                        "vectors": at,
                        "rows": len(texts),
                        "data": base64.b64encode(vectors.tobytes()).decode(),
                        "tokens": self._tokens(texts),
                    }
                )
            case {"rank": int(at), "query": str(query), "texts": texts}:
                pairs = [(query, text) for text in texts]
                scores = self._model.predict(pairs, show_progress_bar=False)
                self._lines.send({"scores": at, "values": [float(score) for score in scores]})

    def _tokens(self, texts: list[str]) -> int:
        """Tokens that the model saw of the texts: those beyond its length are cut."""
        read = self._model.tokenizer(texts, truncation=True, max_length=self._model.max_seq_length)
        return sum(map(len, read["input_ids"]))


def _open(kind: str, path: Path, threads: int) -> Any:
    # Before the import, which reads them: nothing here may look for a hub.
    os.environ["HF_HUB_OFFLINE"] = os.environ["TRANSFORMERS_OFFLINE"] = "1"
    os.environ["HF_HUB_DISABLE_PROGRESS_BARS"] = "1"
    os.environ["TOKENIZERS_PARALLELISM"] = "false"
    import torch  # noqa: PLC0415 - seconds and 300 MB, only in this process
    from sentence_transformers import CrossEncoder, SentenceTransformer  # noqa: PLC0415

    torch.set_num_threads(threads)
    if kind == "rerank":
        return CrossEncoder(str(path), device="cpu", local_files_only=True)
    return SentenceTransformer(str(path), device="cpu", local_files_only=True)
