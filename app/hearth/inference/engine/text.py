"""From token bytes to text that may be shown: whole characters, and nothing of a stop string."""

from __future__ import annotations

import codecs
from collections.abc import Sequence


class TextStream:
    """Decodes a generation's bytes and holds back what might become a stop string."""

    def __init__(self, stop: Sequence[str] = ()) -> None:
        self._stop = [text for text in stop if text]
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._held = ""
        self.stopped = False  # a stop string has come; nothing follows

    def feed(self, data: bytes, *, final: bool = False) -> str:
        """The text that can be shown after these bytes."""
        if self.stopped:
            return ""
        self._held += self._decoder.decode(data, final)
        ends = [at for text in self._stop if (at := self._held.find(text)) >= 0]
        if ends:
            self.stopped = True
            return self._held[: min(ends)]
        keep = 0 if final else self._pending()
        shown, self._held = (
            self._held[: len(self._held) - keep],
            self._held[len(self._held) - keep :],
        )
        return shown

    def _pending(self) -> int:
        """Length of the longest tail that begins a stop string."""
        return max(
            (
                size
                for text in self._stop
                for size in range(1, min(len(text), len(self._held) + 1))
                if self._held.endswith(text[:size])
            ),
            default=0,
        )
