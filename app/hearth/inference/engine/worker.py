"""What a model's process does: the first line says which kind of model it is."""

from __future__ import annotations

from typing import Protocol

from hearth.core.errors import HearthError
from hearth.inference.engine.lines import Lines, Message


def serve(descriptor: int) -> None:
    """Load a model and serve it on an inherited socket until the other end is closed."""
    lines = Lines(descriptor)
    try:
        process = _load(lines, next(iter(lines)))
    except HearthError as error:
        lines.fail(None, error)
        return
    process.run()


class _Process(Protocol):
    def run(self) -> None:
        """Serve until the service closes its end."""


def _load(lines: Lines, spec: Message) -> _Process:
    # Each kind imports only its own library: llama.cpp, or torch.
    if spec["kind"] == "chat":
        from hearth.inference.engine.chat_worker import ChatProcess  # noqa: PLC0415

        return ChatProcess(lines, spec)
    from hearth.inference.engine.sentence_worker import SentenceProcess  # noqa: PLC0415

    return SentenceProcess(lines, spec)
