"""Draws the next token: a C sampler chain, and a grammar that is asked only afterwards."""

from __future__ import annotations

import ctypes
from typing import Any

import llama_cpp as lib
import numpy as np

from hearth.core.errors import BadInput
from hearth.inference.engine.context import Context
from hearth.inference.engine.llama import Model
from hearth.inference.generation import Alternative, Sampling, TokenLogprob

_CANDIDATE = np.dtype([("id", "i4"), ("logit", "f4"), ("p", "f4")])  # llama_token_data
_PENALTY_WINDOW = 256  # tokens
_LIKELY = 256  # tokens that a grammar sees first


class Sampler:
    """One request's sampler; `close` frees it.

    With `triggered` the grammar waits for `enforce`.
    """

    def __init__(
        self, model: Model, sampling: Sampling, grammar: str | None, *, triggered: bool = False
    ) -> None:
        self._model = model
        self._grammar = _grammar(model, grammar) if grammar else None
        self._holds = self._grammar is not None and not triggered
        self._chain = _chain(sampling)
        penalised = bool(sampling.frequency_penalty or sampling.presence_penalty)
        self._greedy = sampling.temperature <= 0 and not penalised

    def sample(self, context: Context, row: int) -> int:
        """The next token after a row of the last batch."""
        if not context.has_logits(row):
            raise ValueError(f"row {row} has no logits")
        if not self._holds and not self._greedy:
            return int(lib.llama_sampler_sample(self._chain, context.pointer, row))
        logits = context.logits(row)
        token = self._draw(logits)
        if self._holds:
            if not self._allows(token):
                token = self._draw_allowed(logits)
            lib.llama_sampler_accept(self._grammar, token)
        lib.llama_sampler_accept(self._chain, token)
        return token

    def enforce(self, begun: bytes) -> None:
        """Let the grammar hold from now on, if `begun`, the text it has to begin with, fits."""
        for token in self._model.continuation(begun) if begun else ():
            if not self._allows(token):
                return
            lib.llama_sampler_accept(self._grammar, token)
        self._holds = True

    def _draw(self, logits: Any) -> int:
        if self._greedy:
            return int(logits.argmax())
        return self._choose(_candidates(np.arange(len(logits)), logits))

    def _choose(self, candidates: Any) -> int:
        array = _array(candidates)
        lib.llama_sampler_apply(self._chain, ctypes.byref(array))
        return int(array.data[array.selected].id)

    def _draw_allowed(self, logits: Any) -> int:
        """A token that the grammar allows: of the likely ones, or else of those that begin with
        a byte that may come now, or else of the whole vocabulary (tens of milliseconds)."""
        for ids in (_likely, self._beginning_well, _all):
            allowed = self._allowed(ids(logits), logits)
            if len(allowed):
                return self._choose(allowed)
        raise BadInput("the grammar allows no continuation", remedy="Correct the JSON schema.")

    def _beginning_well(self, logits: Any) -> Any:
        vocabulary = self._model.vocabulary_bytes
        may_come = self._allowed(vocabulary.single, logits)["id"]
        return np.flatnonzero(np.isin(vocabulary.first, vocabulary.first[may_come]))

    def _allowed(self, ids: Any, logits: Any) -> Any:
        candidates = _candidates(ids, logits[ids])
        lib.llama_sampler_apply(self._grammar, ctypes.byref(_array(candidates)))
        return candidates[np.isfinite(candidates["logit"])]

    def _allows(self, token: int) -> bool:
        candidates = np.array([(token, 1.0, 0.0)], dtype=_CANDIDATE)
        lib.llama_sampler_apply(self._grammar, ctypes.byref(_array(candidates)))
        return bool(np.isfinite(candidates["logit"][0]))

    def close(self) -> None:
        """Free the C samplers."""
        lib.llama_sampler_free(self._chain)
        if self._grammar is not None:
            lib.llama_sampler_free(self._grammar)


def logprobs(model: Model, logits: Any, token: int, alternatives: int) -> TokenLogprob:
    """The log-softmax of a row of logits, at the drawn token and at the likeliest ones."""
    shifted = logits - logits.max()
    shifted -= np.log(np.exp(shifted).sum())

    def one(at: int) -> tuple[tuple[int, ...], float]:
        return tuple(model.piece(at) or model.text(at).encode()), float(shifted[at])

    top = np.argpartition(shifted, -alternatives)[-alternatives:] if alternatives else np.array([])
    likeliest = sorted((int(at) for at in top), key=lambda at: -shifted[at])
    return TokenLogprob(*one(token), top=tuple(Alternative(*one(at)) for at in likeliest))


def _likely(logits: Any) -> Any:
    return np.argpartition(logits, -_LIKELY)[-_LIKELY:] if len(logits) > _LIKELY else _all(logits)


def _all(logits: Any) -> Any:
    return np.arange(len(logits))


def _candidates(ids: Any, logits: Any) -> Any:
    candidates = np.empty(len(ids), dtype=_CANDIDATE)
    candidates["id"] = ids
    candidates["logit"] = logits
    return candidates


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
