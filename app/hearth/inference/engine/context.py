"""llama.cpp's context, with every call that would abort the process refused first."""

from __future__ import annotations

import ctypes
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import llama_cpp as lib
import numpy as np

from hearth.core.errors import Damaged, Unavailable
from hearth.inference.engine.llama import Model


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
        params.n_ctx, params.n_seq_max = cells, sequences + 1
        params.n_batch = params.n_ubatch = batch
        params.n_outputs_max = max(outputs, sequences + 1)  # with fewer llama.cpp aborts
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
        self._aside = sequences  # one more, for what is written or read only in part
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
        self._check(sequence)
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

    def prove(self) -> None:
        """Compute one token in the empty cache; raises Damaged where that yields no numbers."""
        self.add([0], 0, 0, logits=1)
        self.decode()
        if np.isnan(self.logits(0)).any():
            raise Damaged(
                "the model computes nothing but nonsense", remedy="Run `hearth models verify`."
            )
        self.clear()

    def has_logits(self, row: int) -> bool:
        """Whether the last batch computed logits for a row; sampling any other aborts."""
        return 0 <= row < self._computed and bool(self._rows.logits[row])

    def logits(self, row: int) -> Any:
        """A float32 view of a row's logits, valid until the next step: one for each token."""
        if not self.has_logits(row):
            raise ValueError(f"row {row} has no logits")
        pointer = lib.llama_get_logits_ith(self.pointer, row)
        return np.ctypeslib.as_array(pointer, (self.model.tokens,))

    def share(self, source: int, target: int, length: int) -> bool:
        """Let `target` begin with the first `length` cells of `source`; False if it cannot."""
        self._check(source, target)
        lib.llama_memory_seq_cp(self._memory, source, target, 0, length)
        if self.length(target) == length:
            return True
        self.remove(target)  # a model whose memory cannot be cut at any place
        return False

    def length(self, sequence: int) -> int:
        """Tokens that the cache holds of a sequence."""
        self._check(sequence)
        return int(lib.llama_memory_seq_pos_max(self._memory, sequence)) + 1

    def trim(self, sequence: int, length: int) -> bool:
        """Forget what a sequence holds after `length` tokens; False if its memory cannot."""
        self._check(sequence)
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
        self._check(sequence)
        array = (lib.llama_token * len(tokens))(*tokens)
        name = str(path).encode()
        if not lib.llama_state_seq_save_file(self.pointer, name, sequence, array, len(tokens)):
            raise RuntimeError("llama.cpp could not write the sequence")

    def restore(self, sequence: int, tokens: Sequence[int], path: Path) -> bool:
        """Read a sequence of exactly `tokens` back; False if the file holds another.

        The caller has checked the file: llama.cpp ends the process on a truncated one.
        """
        self._check(sequence)
        array = (lib.llama_token * len(tokens))()
        count = ctypes.c_size_t()
        read = lib.llama_state_seq_load_file(
            self.pointer, str(path).encode(), sequence, array, len(tokens), ctypes.byref(count)
        )
        if read and list(array[: count.value]) == list(tokens):
            return self.length(sequence) == len(tokens)
        self.remove(sequence)
        return False

    def take(self, sequence: int, start: int) -> Any:
        """Bytes for `put`: what the cache holds of a sequence from position `start` on.

        RuntimeError where llama.cpp cannot write them.
        """
        self._check(sequence)
        lib.llama_memory_seq_cp(self._memory, sequence, self._aside, start, -1)
        state = np.empty(lib.llama_state_seq_get_size(self.pointer, self._aside), np.uint8)
        written = lib.llama_state_seq_get_data(self.pointer, _bytes(state), len(state), self._aside)
        lib.llama_memory_seq_rm(self._memory, self._aside, -1, -1)
        if written != len(state):
            raise RuntimeError("llama.cpp could not write the sequence")
        return state

    def put(self, sequence: int, state: Any, length: int) -> bool:
        """Add what was taken to a sequence that holds all before it; False if that cannot be, or
        if it does not make a sequence of `length` tokens."""
        self._check(sequence)
        read = lib.llama_state_seq_set_data(self.pointer, _bytes(state), len(state), self._aside)
        lib.llama_memory_seq_cp(self._memory, self._aside, sequence, -1, -1)
        lib.llama_memory_seq_rm(self._memory, self._aside, -1, -1)
        whole = lib.llama_memory_seq_pos_min(self._memory, sequence) == 0
        return read == len(state) and whole and self.length(sequence) == length

    def remove(self, *sequences: int) -> None:
        """Forget sequences."""
        self._check(*sequences)
        for sequence in sequences:
            lib.llama_memory_seq_rm(self._memory, sequence, -1, -1)

    def clear(self) -> None:
        """Forget everything, and compute with no adapter."""
        self._rows.used = self._rows.outputs = 0
        lib.llama_memory_clear(self._memory, True)
        self.use_adapter(None)

    def _check(self, *sequences: int) -> None:
        for sequence in sequences:
            if not 0 <= sequence < self.sequences:
                raise ValueError(f"sequence {sequence} is not below {self.sequences}")

    def close(self) -> None:
        """Free the cache."""
        lib.llama_batch_free(self._llama_batch)
        lib.llama_free(self.pointer)


def _bytes(array: Any) -> Any:
    return array.ctypes.data_as(ctypes.POINTER(ctypes.c_uint8))


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
