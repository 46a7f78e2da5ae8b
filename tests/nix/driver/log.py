"""What the driver and the script say, with the seconds since the start."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator


class Log:
    """The script's `log`: has the methods of nixpkgs' driver's."""

    def __init__(self) -> None:
        self._began = time.monotonic()

    def log(self, message: str) -> None:
        """Print one line."""
        print(f"[{time.monotonic() - self._began:7.2f}] {message}", flush=True)

    info = warning = error = log

    @contextlib.contextmanager
    def nested(self, message: str) -> Iterator[None]:
        """Say what begins and how long it took."""
        began = time.monotonic()
        self.log(message)
        yield
        self.log(f"({message}: {time.monotonic() - began:.2f} s)")

    @contextlib.contextmanager
    def timed(self, message: str) -> Iterator[None]:
        """Say what has ended, well or not, and how long it took."""
        began = time.monotonic()
        try:
            yield
        finally:
            self.log(f"{message} ({time.monotonic() - began:.2f} s)")

    @contextlib.contextmanager
    def subtest(self, name: str) -> Iterator[None]:
        """Name a part of the test, and name it again when it fails."""
        with self.nested(f"subtest: {name}"):
            try:
                yield
            except Exception as error:
                self.error(f"subtest `{name}` failed: {error}")
                raise


log = Log()
