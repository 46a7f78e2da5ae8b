"""Common prefixes: computed once or read from disk, and kept for every caller."""

from __future__ import annotations

import logging

from hearth.inference.engine.context import Context
from hearth.inference.engine.saved import SavedPrefixes
from hearth.inference.engine.sequences import Sequences
from hearth.inference.engine.streams import Request, Stream
from hearth.inference.generation import Generation

_log = logging.getLogger("hearth.inference")


class CommonPrefixes:
    """The prefixes that the configuration names, of one engine."""

    def __init__(self, saved: SavedPrefixes) -> None:
        self._saved = saved
        self._wanted: list[list[int]] = []

    def want(self, prefixes: list[list[int]]) -> None:
        """These from now on, and no others."""
        self._wanted = prefixes
        self._saved.keep_only(prefixes)

    def bring(self, context: Context, sequences: Sequences) -> list[Request]:
        """Load what is on disk; returns requests that compute the others."""
        sequences.displaced = False
        context.remove(*sequences.keep_common(self._wanted))
        missing = [
            Request(
                Generation(caller="", prompt="", max_tokens=0, background=True),
                tokens,
                0,
                lambda _: None,
                common=True,
            )
            for tokens in self._wanted
            if not (sequences.has_common(tokens) or self._load(tokens, context, sequences))
        ]
        if self._wanted:
            known = len(self._wanted) - len(missing)
            _log.info("common prefixes", extra={"kept": known, "to_compute": len(missing)})
        return missing

    def settle(self, stream: Stream, context: Context, sequences: Sequences) -> None:
        """Keep a prefix that has been read into the cache."""
        sequence = stream.sequence
        if sequences.finish_common(sequence):
            self._saved.save(context, sequence.id, sequence.tokens)
        else:
            context.remove(*sequences.drop(sequence))

    def _load(self, tokens: list[int], context: Context, sequences: Sequences) -> bool:
        admission = sequences.admit(None, tokens, 0, alone=True)
        if admission is None:
            return True  # more common prefixes than the context has room for
        sequence = admission.sequence
        context.remove(*admission.evicted)
        if self._saved.load(context, sequence.id, tokens):
            sequences.grow(sequence, tokens)
            if sequences.finish_common(sequence):
                return True
        context.remove(*sequences.drop(sequence))
        return False
