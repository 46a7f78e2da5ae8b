"""Draws the next token: a C sampler chain, and a grammar that is asked only afterwards."""

from __future__ import annotations

import ctypes
from typing import Any

import llama_cpp as lib
import numpy as np

from hearth.core.errors import BadInput
from hearth.inference.engine.llama import Context, Model
from hearth.inference.generation import Sampling

_CANDIDATE = np.dtype([("id", "i4"), ("logit", "f4"), ("p", "f4")])  # llama_token_data
_PENALTY_WINDOW = 256  # tokens


class Sampler:
    """One request's sampler; `close` frees it."""

    def __init__(self, model: Model, sampling: Sampling, grammar: str | None) -> None:
        self._model = model
        self._grammar = _grammar(model, grammar) if grammar else None
        self._chain = _chain(sampling)

    def sample(self, context: Context, row: int) -> int:
        """The next token after a row of the last batch."""
        if not context.has_logits(row):
            raise ValueError(f"row {row} has no logits")
        if self._grammar is None:
            return int(lib.llama_sampler_sample(self._chain, context.pointer, row))
        # The whole vocabulary goes through the grammar (some 10 ms) only if the drawn token fails.
        token = self._draw(self._logits(context, row))
        if not self._allows(token):
            candidates = self._logits(context, row)
            lib.llama_sampler_apply(self._grammar, ctypes.byref(_array(candidates)))
            if not np.isfinite(candidates["logit"]).any():
                raise BadInput(
                    "the grammar allows no continuation", remedy="Correct the JSON schema."
                )
            token = self._draw(candidates)
        lib.llama_sampler_accept(self._grammar, token)
        lib.llama_sampler_accept(self._chain, token)
        return token

    def _draw(self, candidates: Any) -> int:
        array = _array(candidates)
        lib.llama_sampler_apply(self._chain, ctypes.byref(array))
        return int(array.data[array.selected].id)

    def _allows(self, token: int) -> bool:
        candidates = np.array([(token, 1.0, 0.0)], dtype=_CANDIDATE)
        lib.llama_sampler_apply(self._grammar, ctypes.byref(_array(candidates)))
        return bool(np.isfinite(candidates["logit"][0]))

    def _logits(self, context: Context, row: int) -> Any:
        candidates = np.empty(self._model.tokens, dtype=_CANDIDATE)
        candidates["id"] = np.arange(self._model.tokens)
        candidates["logit"] = context.logits(row)
        return candidates

    def close(self) -> None:
        """Free the C samplers."""
        lib.llama_sampler_free(self._chain)
        if self._grammar is not None:
            lib.llama_sampler_free(self._grammar)


def _array(candidates: Any) -> Any:
    data = candidates.ctypes.data_as(ctypes.POINTER(lib.llama_token_data))
    return lib.llama_token_data_array(data, len(candidates), -1, False)


def _chain(sampling: Sampling) -> Any:
    chain = lib.llama_sampler_chain_init(lib.llama_sampler_chain_default_params())
    for sampler in _samplers(sampling):
        lib.llama_sampler_chain_add(chain, sampler)
    return chain


def _samplers(sampling: Sampling) -> list[Any]:
    samplers = []
    if sampling.frequency_penalty or sampling.presence_penalty:
        samplers.append(
            lib.llama_sampler_init_penalties(
                _PENALTY_WINDOW, 1.0, sampling.frequency_penalty, sampling.presence_penalty
            )
        )
    if sampling.temperature <= 0:
        return [*samplers, lib.llama_sampler_init_greedy()]
    return [
        *samplers,
        lib.llama_sampler_init_top_k(sampling.top_k),
        lib.llama_sampler_init_top_p(sampling.top_p, 1),
        lib.llama_sampler_init_min_p(sampling.min_p, 1),
        lib.llama_sampler_init_temp(sampling.temperature),
        lib.llama_sampler_init_dist(sampling.seed),
    ]


def _grammar(model: Model, text: str) -> Any:
    grammar = lib.llama_sampler_init_grammar(model.vocabulary, text.encode(), b"root")
    if not grammar:
        raise BadInput("llama.cpp cannot use this grammar", remedy="Simplify the JSON schema.")
    return grammar
