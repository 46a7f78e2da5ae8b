"""llama.cpp's model and context, with every call that would abort the process refused first."""

from __future__ import annotations

import ctypes
import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import llama_cpp as lib
import numpy as np

from hearth.core.errors import BadConfiguration, Damaged, Unavailable
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

    def ends(self, token: int) -> bool:
        """Whether the token ends the model's turn."""
        return bool(lib.llama_vocab_is_eog(self.vocabulary, token))

    def close(self) -> None:
        """Free the weights; every context must be closed before."""
        lib.llama_model_free(self.pointer)


class Context:
    """One KV cache that all sequences share, and the batch that feeds it."""

    def __init__(
        self,
        model: Model,
        *,
        cells: int,
        sequences: int,
        threads: int,
        batch: int,
        outputs: int,
    ) -> None:
        params = lib.llama_context_default_params()
        params.n_ctx, params.n_seq_max = cells, sequences
        params.n_batch = params.n_ubatch = batch
        params.n_outputs_max = outputs
        params.n_threads = params.n_threads_batch = threads
        params.kv_unified = params.swa_full = params.no_perf = True
        self.model = model
        self.pointer = lib.llama_init_from_model(model.pointer, params)
        if not self.pointer:
            raise Unavailable(
                f"llama.cpp cannot make a context of {cells} tokens",
                remedy="Lower `context` of the engine, or give it more memory.",
            )
        self.cells: int = lib.llama_n_ctx(self.pointer)
        self.sequences = sequences
        self.batch = batch
        self._outputs = outputs  # rows that may have logits
        self._memory = lib.llama_get_memory(self.pointer)
        self._llama_batch = lib.llama_batch_init(batch, 0, 1)
        self._rows = _Rows(self._llama_batch, batch)
        self._computed = 0  # rows of the last batch

    def add(self, tokens: Sequence[int], start: int, sequence: int, *, logits: int) -> int:
        """Put tokens at positions from `start` into the batch; the last `logits` yield logits.

        Returns the row of the first of those, or else the last one's. Raises ValueError where
        llama.cpp would abort.
        """
        if not 0 <= sequence < self.sequences:
            raise ValueError(f"sequence {sequence} is not below {self.sequences}")
        if not tokens or not all(0 <= token < self.model.tokens for token in tokens):
            raise ValueError("tokens outside the vocabulary")
        if self._rows.used + len(tokens) > self.batch:
            raise ValueError(f"more than {self.batch} tokens in a batch")
        if logits > min(len(tokens), self.outputs_left):
            raise ValueError(f"more than {self._outputs} rows with logits in a batch")
        return self._rows.add(tokens, start, sequence, logits=logits)

    @property
    def room(self) -> int:
        """Tokens that still fit into this batch."""
        return self.batch - self._rows.used

    @property
    def outputs_left(self) -> int:
        """Rows of this batch that may still ask for logits."""
        return self._outputs - self._rows.outputs

    @property
    def empty(self) -> bool:
        """Whether the batch holds nothing to compute."""
        return self._rows.used == 0

    def decode(self) -> None:
        """Compute the batch and empty it; RuntimeError when llama.cpp refuses."""
        self._computed = self._llama_batch.n_tokens = self._rows.used
        self._rows.used = self._rows.outputs = 0
        code = lib.llama_decode(self.pointer, self._llama_batch)
        lib.llama_synchronize(self.pointer)
        if code:
            raise RuntimeError(f"llama_decode returned {code}")

    def has_logits(self, row: int) -> bool:
        """Whether the last batch computed logits for a row; sampling any other aborts."""
        return 0 <= row < self._computed and bool(self._rows.logits[row])

    def logits(self, row: int) -> Any:
        """A float32 view of a row's logits, valid until the next step: one for each token."""
        pointer = lib.llama_get_logits_ith(self.pointer, row)
        return np.ctypeslib.as_array(pointer, (self.model.tokens,))

    def share(self, source: int, target: int, length: int) -> bool:
        """Let `target` begin with the first `length` cells of `source`; False if it cannot."""
        lib.llama_memory_seq_cp(self._memory, source, target, 0, length)
        if self.length(target) == length:
            return True
        self.remove(target)  # a model whose memory cannot be cut at any place
        return False

    def length(self, sequence: int) -> int:
        """Tokens that the cache holds of a sequence."""
        return int(lib.llama_memory_seq_pos_max(self._memory, sequence)) + 1

    def trim(self, sequence: int, length: int) -> bool:
        """Forget what a sequence holds after `length` tokens; False if its memory cannot."""
        return bool(lib.llama_memory_seq_rm(self._memory, sequence, length, -1))

    def use_adapter(self, adapter: Any | None) -> None:
        """Compute with a LoRA adapter's weights from now on, or with none."""
        if adapter is None:
            code = lib.llama_set_adapters_lora(self.pointer, None, 0, None)
        else:
            adapters = (lib.llama_adapter_lora_p_ctypes * 1)(adapter)
            code = lib.llama_set_adapters_lora(self.pointer, adapters, 1, (ctypes.c_float * 1)(1.0))
        if code:
            raise RuntimeError(f"llama_set_adapters_lora returned {code}")

    def save(self, sequence: int, tokens: Sequence[int], path: Path) -> None:
        """Write what the cache holds of a sequence to a file; RuntimeError when it cannot."""
        array = (lib.llama_token * len(tokens))(*tokens)
        name = str(path).encode()
        if not lib.llama_state_seq_save_file(self.pointer, name, sequence, array, len(tokens)):
            raise RuntimeError("llama.cpp could not write the sequence")

    def restore(self, sequence: int, tokens: Sequence[int], path: Path) -> bool:
        """Read a sequence of exactly `tokens` back; False if the file holds another.

        The caller has checked the file: llama.cpp ends the process on a truncated one.
        """
        array = (lib.llama_token * len(tokens))()
        count = ctypes.c_size_t()
        read = lib.llama_state_seq_load_file(
            self.pointer, str(path).encode(), sequence, array, len(tokens), ctypes.byref(count)
        )
        if read and list(array[: count.value]) == list(tokens):
            return self.length(sequence) == len(tokens)
        self.remove(sequence)
        return False

    def remove(self, sequence: int) -> None:
        """Forget a sequence."""
        lib.llama_memory_seq_rm(self._memory, sequence, -1, -1)

    def clear(self) -> None:
        """Forget everything."""
        self._rows.used = self._rows.outputs = 0
        lib.llama_memory_clear(self._memory, True)

    def close(self) -> None:
        """Free the cache."""
        lib.llama_batch_free(self._llama_batch)
        lib.llama_free(self.pointer)


class _Rows:
    """numpy views of a llama_batch's arrays."""

    def __init__(self, batch: Any, size: int) -> None:
        view = np.ctypeslib.as_array
        self.used = self.outputs = 0
        self.tokens = view(batch.token, (size,))
        self.positions = view(batch.pos, (size,))
        self.logits = view(batch.logits, (size,))
        self._sequences = [view(batch.seq_id[row], (1,)) for row in range(size)]
        view(batch.n_seq_id, (size,))[:] = 1

    def add(self, tokens: Sequence[int], start: int, sequence: int, *, logits: int) -> int:
        first, end = self.used, self.used + len(tokens)
        self.tokens[first:end] = tokens
        self.positions[first:end] = range(start, start + len(tokens))
        self.logits[first:end] = 0
        self.logits[end - logits : end] = 1
        for row in range(first, end):
            self._sequences[row][0] = sequence
        self.used = end
        self.outputs += logits
        return end - max(logits, 1)
