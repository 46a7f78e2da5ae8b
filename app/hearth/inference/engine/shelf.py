"""Sequences that nobody is using, outside the cache and back again."""

from __future__ import annotations

import logging

from hearth.inference.engine.context import Context
from hearth.inference.engine.sequence import Parked, Sequence
from hearth.inference.engine.sequences import Admission, Sequences
from hearth.inference.engine.streams import Request

_log = logging.getLogger("hearth.inference")


def clear_away(context: Context, sequences: Sequences, request: Request) -> None:
    """Park what is in the way of the running requests and of the one that comes next."""
    for sequence in sequences.idle(request.owner, request.prompt, request.work.adapter):
        base, start = sequences.base(sequence)
        try:
            state = context.take(sequence.id, start)
        except RuntimeError:
            _log.warning("what is idle stays in the cache", exc_info=True)
            return
        context.remove(*sequences.park(sequence, Parked(state, start, base)))


def enter(context: Context, sequences: Sequences, admission: Admission) -> None:
    """Put what a new sequence starts from into the cache, and forget what had to make room."""
    sequence, source = admission.sequence, admission.source
    needed = {source, *(one.id for one, _ in admission.restored)}
    context.remove(*(gone for gone in admission.evicted if gone not in needed))
    if not all(_bring_back(context, one, parked) for one, parked in admission.restored):
        context.remove(*sequences.lose(one for one, _ in admission.restored))
        sequences.without_prefix(sequence)
    elif source is not None and not context.share(source, sequence.id, len(sequence.tokens)):
        sequences.without_prefix(sequence)
    context.remove(*(gone for gone in admission.evicted if gone in needed))


def _bring_back(context: Context, sequence: Sequence, parked: Parked) -> bool:
    """Put a sequence into the cache again; False if llama.cpp refuses."""
    if parked.base and not context.share(parked.base.id, sequence.id, parked.start):
        return False
    return context.put(sequence.id, parked.state, len(sequence.tokens))
