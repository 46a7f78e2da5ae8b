"""What the person at the terminal sees: one line a step, a pulse while it takes time."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
LOG = ROOT / "build" / "setup.log"
_TTY = sys.stderr.isatty()
_PULSE_SECONDS = 1 if _TTY else 30


class Failed(Exception):
    """A step cannot be done; the message is for the person."""


def say(words: str, *, loud: bool = False) -> None:
    """One line on stderr."""
    mark = "\033[31m*\033[0m" if loud and _TTY else "*"
    sys.stderr.write(f"{mark} {words}\n")
    sys.stderr.flush()


def call(
    label: str,
    command: Sequence[str],
    *,
    minutes: float | None = None,
    environment: dict[str, str] | None = None,
) -> None:
    """Run a command with its output in build/setup.log; Failed with the log's end otherwise."""
    LOG.parent.mkdir(exist_ok=True)
    expected = f" (about {minutes:g} min)" if minutes else ""
    say(f"{label}{expected}")
    with LOG.open("ab") as log:
        log.write(f"\n$ {' '.join(command)}\n".encode())
        log.flush()
        start = log.tell()
        with subprocess.Popen(
            command,
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            env={**os.environ, **(environment or {})},
            start_new_session=True,
        ) as process:
            status = _wait(process, label, minutes)
    if status:
        said = LOG.read_bytes()[start:].decode(errors="replace").strip().splitlines()
        raise Failed("\n  ".join([f"{label}: failed, see {LOG}", *said[-5:]]))


def _wait(process: subprocess.Popen[bytes], label: str, minutes: float | None) -> int:
    began = time.monotonic()
    try:
        while True:
            try:
                return process.wait(_PULSE_SECONDS)
            except subprocess.TimeoutExpired:
                _pulse(label, time.monotonic() - began, minutes)
    except KeyboardInterrupt:
        os.killpg(process.pid, signal.SIGTERM)
        raise
    finally:
        if _TTY:
            sys.stderr.write("\r\033[K")


def _pulse(label: str, seconds: float, minutes: float | None) -> None:
    expected = f" of about {_clock(minutes * 60)}" if minutes else ""
    words = f"  {label}: {_clock(seconds)}{expected}"
    sys.stderr.write(f"\r\033[K{words}" if _TTY else f"{words}\n")
    sys.stderr.flush()


def _clock(seconds: float) -> str:
    return f"{int(seconds) // 60}:{int(seconds) % 60:02d}"
