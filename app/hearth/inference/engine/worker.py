"""What a model's process does: the first line says which kind of model it is."""

from __future__ import annotations

from hearth.core.errors import HearthError
from hearth.inference.engine.lines import Lines


def serve(descriptor: int) -> None:
    """Load a model and serve it on an inherited socket until the other end is closed."""
    lines = Lines(descriptor)
    spec = next(iter(lines))
    try:
        # Each kind imports only its own library: llama.cpp, or torch.
        if spec["kind"] == "chat":
            from hearth.inference.engine.chat_worker import ChatProcess as Process  # noqa: PLC0415
        else:
            from hearth.inference.engine.sentence_worker import (  # noqa: PLC0415
                SentenceProcess as Process,
            )
        process = Process(lines, spec)
    except HearthError as error:
        lines.fail(None, error)
        return
    process.run()
