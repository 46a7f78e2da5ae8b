"""Common prefixes on disk, so that a start need not compute them again.

A file's name is the hash of everything that its content depends on; the hash of its own bytes lies
beside it, because llama.cpp ends the process on a torn one.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Sequence
from pathlib import Path

import llama_cpp

from hearth.inference.engine.context import Context

_log = logging.getLogger("hearth.inference")


class SavedPrefixes:
    """A folder of sequences, for one model."""

    def __init__(self, folder: Path | None, digest: str) -> None:
        self._folder = folder
        self._model = digest

    def load(self, context: Context, sequence: int, tokens: Sequence[int]) -> bool:
        """Read a prefix into an empty sequence; False when it is not there or not whole."""
        path = self._path(tokens)
        if path is None:
            return False
        try:
            if _digest(path) != _beside(path).read_text(encoding="ascii"):
                _log.warning("a saved prefix is damaged", extra={"path": str(path)})
                return False
        except FileNotFoundError:
            return False
        except (OSError, ValueError) as error:
            _log.warning("a saved prefix cannot be read", extra={"fault": str(error)})
            return False
        return context.restore(sequence, tokens, path)

    def save(self, context: Context, sequence: int, tokens: Sequence[int]) -> None:
        """Write a sequence; a full disk is logged and costs only the time of the next start."""
        path = self._path(tokens)
        if path is None:
            return
        draft = path.with_name(f"{path.name}.new")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            context.save(sequence, tokens, draft)
            _beside(path).write_text(_digest(draft), encoding="ascii")
            draft.replace(path)
        except (OSError, RuntimeError) as error:
            draft.unlink(missing_ok=True)
            _log.warning("a common prefix could not be saved", extra={"fault": str(error)})

    def keep_only(self, prefixes: Sequence[Sequence[int]]) -> None:
        """Remove what this folder holds besides these prefixes."""
        if self._folder is None or not self._folder.is_dir():
            return
        kept = {path for tokens in prefixes if (path := self._path(tokens))}
        kept |= {_beside(path) for path in kept}
        try:
            for path in self._folder.iterdir():
                if path not in kept:
                    path.unlink(missing_ok=True)
        except OSError as error:
            _log.warning("a saved prefix cannot be removed", extra={"fault": str(error)})

    def _path(self, tokens: Sequence[int]) -> Path | None:
        if self._folder is None:
            return None
        about = [self._model, llama_cpp.__version__, *map(str, tokens)]
        return self._folder / f"{hashlib.sha256(' '.join(about).encode()).hexdigest()}.state"


def _beside(path: Path) -> Path:
    return path.with_suffix(".sha256")


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
