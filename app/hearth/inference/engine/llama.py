"""llama.cpp's model: its vocabulary and its metadata."""

from __future__ import annotations

import ctypes
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import llama_cpp as lib
import numpy as np

from hearth.core.errors import BadConfiguration, Damaged
from hearth.inference.generation import SPLIT

_log = logging.getLogger("hearth.llama")
_LEVELS = {3: logging.WARNING, 4: logging.ERROR}  # ggml_log_level
_PIECE_BYTES = 512


@lib.llama_log_callback  # type: ignore[untyped-decorator]
def _forward(level: int, text: bytes, _data: Any) -> None:
    if level in _LEVELS:
        _log.log(_LEVELS[level], text.decode("utf-8", "replace").rstrip())


def _start() -> None:
    lib.llama_log_set(_forward, ctypes.c_void_p(0))
    lib.llama_backend_init()


def _shares(tensor_split: Sequence[float]) -> ctypes.Array[ctypes.c_float]:
    """One number for each device that llama.cpp could know, because it reads so many."""
    devices = lib.llama_max_devices()
    if len(tensor_split) > devices:
        raise BadConfiguration(
            f"there are {len(tensor_split)} shares for at most {devices} GPUs",
            where="tensor_split",
            remedy="Name one number a GPU.",
        )
    numbers: ctypes.Array[ctypes.c_float] = (ctypes.c_float * devices)(*tensor_split)
    return numbers


@dataclass(frozen=True)
class VocabularyBytes:
    """How the tokens' texts begin."""

    first: Any  # int16 for each token: its first byte; -1 for those without text
    single: Any  # the tokens that are one byte, and those that end a turn


class Model:
    """A loaded GGUF: its vocabulary and its metadata."""

    def __init__(
        self, path: Path, *, gpu_layers: int | None = None, tensor_split: Sequence[float] = ()
    ) -> None:
        _start()
        params = lib.llama_model_default_params()
        if gpu_layers is not None:
            params.n_gpu_layers = gpu_layers
        self.shares = _shares(tensor_split)  # llama.cpp keeps the pointer
        if tensor_split:
            params.tensor_split = ctypes.cast(self.shares, ctypes.POINTER(ctypes.c_float))
        self.pointer = lib.llama_model_load_from_file(str(path).encode(), params)
        if not self.pointer:
            raise Damaged(
                "llama.cpp cannot load this model",
                where=str(path),
                remedy="Run `hearth models verify`; the log says what it objected to.",
            )
        self.vocabulary = lib.llama_model_get_vocab(self.pointer)
        self.tokens: int = lib.llama_vocab_n_tokens(self.vocabulary)
        self.trained_context: int = lib.llama_model_n_ctx_train(self.pointer)
        # A memory that is a running state cannot take back a token.
        self.recurrent = bool(
            lib.llama_model_is_recurrent(self.pointer) or lib.llama_model_is_hybrid(self.pointer)
        )
        self.on_gpu = gpu_layers != 0 and bool(lib.llama_supports_gpu_offload())
        self._pieces: dict[int, bytes] = {}
        self._buffer = ctypes.create_string_buffer(_PIECE_BYTES)

    @property
    def template(self) -> str | None:
        """The model's own chat template."""
        text = lib.llama_model_chat_template(self.pointer, None)
        return text.decode("utf-8") if text else None

    def text(self, token: int) -> str:
        """A token's own text, control tokens included; empty for no token (-1)."""
        return lib.llama_vocab_get_text(self.vocabulary, token).decode() if token >= 0 else ""

    @property
    def bos(self) -> str:
        """Text of the token that begins a document."""
        return self.text(lib.llama_vocab_bos(self.vocabulary))

    @property
    def eos(self) -> str:
        """Text of the token that ends one."""
        return self.text(lib.llama_vocab_eos(self.vocabulary))

    def control(self) -> frozenset[str]:
        """The texts of all control tokens."""
        return frozenset(
            self.text(token)
            for token in range(self.tokens)
            if lib.llama_vocab_is_control(self.vocabulary, token)
        )

    def tokenize(self, prompt: str) -> list[int]:
        """Tokens of a rendered prompt; control tokens count, but none across a SPLIT."""
        tokens: list[int] = []
        for part in prompt.split(SPLIT):
            tokens += self._tokenize(part.encode("utf-8"))
        bos = lib.llama_vocab_bos(self.vocabulary)
        if lib.llama_vocab_get_add_bos(self.vocabulary) and tokens[:1] != [bos]:
            tokens.insert(0, bos)
        return tokens

    def _tokenize(self, text: bytes) -> list[int]:
        room = len(text) + 8
        array = (lib.llama_token * room)()
        count = lib.llama_tokenize(self.vocabulary, text, len(text), array, room, False, True)
        return list(array[:count])

    def marks(self, texts: Sequence[str]) -> dict[int, bytes]:
        """Of `texts` those that are one token each, by token."""
        found = {}
        for text in texts:
            tokens = self._tokenize(text.encode("utf-8"))
            if len(tokens) == 1:
                found[tokens[0]] = text.encode("utf-8")
        return found

    def continuation(self, text: bytes) -> list[int]:
        """Tokens of a text in the middle of an answer."""
        return self._tokenize(text)

    def adapter(self, path: Path) -> Any:
        """A LoRA adapter for this model, freed with it."""
        adapter = lib.llama_adapter_lora_init(self.pointer, str(path).encode())
        if not adapter:
            raise Damaged(
                "llama.cpp cannot use this LoRA adapter with this model",
                where=str(path),
                remedy="Use an adapter that was trained on this very model, in GGUF.",
            )
        return adapter

    def piece(self, token: int) -> bytes:
        """The bytes a token adds to the text; none for control tokens."""
        if token not in self._pieces:
            size = lib.llama_token_to_piece(
                self.vocabulary, token, self._buffer, _PIECE_BYTES, 0, False
            )
            self._pieces[token] = self._buffer.raw[: max(size, 0)]
        return self._pieces[token]

    @cached_property
    def vocabulary_bytes(self) -> VocabularyBytes:
        """By which bytes the tokens begin; takes some tenths of a second, once."""
        pieces = [self.piece(token) for token in range(self.tokens)]
        first = np.array([piece[0] if piece else -1 for piece in pieces], dtype=np.int16)
        single = [
            token for token, piece in enumerate(pieces) if len(piece) == 1 or self.ends(token)
        ]
        return VocabularyBytes(first, np.array(single))

    def ends(self, token: int) -> bool:
        """Whether the token ends the model's turn."""
        return bool(lib.llama_vocab_is_eog(self.vocabulary, token))

    def close(self) -> None:
        """Free the weights; every context must be closed before."""
        lib.llama_model_free(self.pointer)
