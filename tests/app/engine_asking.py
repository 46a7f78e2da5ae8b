"""Asking an engine without HTTP."""

from __future__ import annotations

from collections.abc import AsyncIterator

from hearth.inference.generation import Answer, Done, Generation, Piece, Sampling

GREEDY = Sampling(temperature=0)


def question(text: str, **fields: object) -> Generation:
    """A question in ChatML, answered greedily with few tokens."""
    prompt = f"<|im_start|>user\n{text}<|im_end|>\n<|im_start|>assistant\n"
    defaults: dict[str, object] = {"caller": "a", "max_tokens": 16, "sampling": GREEDY}
    return Generation(prompt=prompt, **(defaults | fields))  # type: ignore[arg-type]


async def answered(answer: Answer) -> tuple[str, Done]:
    """The whole text, and how it ended."""
    pieces = [event async for event in answer]
    done = pieces.pop()
    assert isinstance(done, Done)
    return "".join(piece.text for piece in pieces if isinstance(piece, Piece)), done


async def first_piece(answer: Answer) -> AsyncIterator[Piece | Done]:
    """The rest of an answer that has begun."""
    events = aiter(answer)
    assert isinstance(await anext(events), Piece)
    return events
