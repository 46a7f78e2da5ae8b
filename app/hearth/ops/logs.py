"""Structured logging: journald with fields under systemd, else one line a record on stderr."""

from __future__ import annotations

import logging
import os
from typing import Any

try:
    from systemd.journal import JournalHandler
except ImportError:  # no libsystemd on this machine
    JournalHandler = None

_OWN = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}


def setup(program: str, level: int = logging.INFO) -> None:
    """Send every record of this process where its operator looks; `extra` becomes fields."""
    handler: logging.Handler
    if JournalHandler is not None and "JOURNAL_STREAM" in os.environ:
        handler = _Journal(SYSLOG_IDENTIFIER=program)
    else:
        handler = logging.StreamHandler()
        handler.setFormatter(_Line(program))
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)
    logging.getLogger("hearth").setLevel(level)  # of other people's code only what went wrong


def fields(record: logging.LogRecord) -> dict[str, Any]:
    """What a call gave as `extra`."""
    return {key: value for key, value in vars(record).items() if key not in _OWN}


class _Line(logging.Formatter):
    """HH:MM:SS program level message key=value"""

    def __init__(self, program: str) -> None:
        super().__init__(f"%(asctime)s {program} %(levelname)s %(message)s", "%H:%M:%S")

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - logging's name
        line = super().formatMessage(record)
        return " ".join([line, *(f"{key}={value}" for key, value in fields(record).items())])


if JournalHandler is not None:

    class _Journal(JournalHandler):  # type: ignore[misc]
        """journald takes field names in capitals and as they are otherwise."""

        def emit(self, record: logging.LogRecord) -> None:
            for key, value in fields(record).items():
                setattr(record, f"HEARTH_{key.upper()}", value)
            super().emit(record)
