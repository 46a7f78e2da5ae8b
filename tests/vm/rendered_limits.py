"""The limits that a rendered unit asks for, as the kernel writes them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

_UNITS = {"": 1, "K": 1 << 10, "M": 1 << 20, "G": 1 << 30, "T": 1 << 40}
# The file of a control group, and the setting that it comes from.
FILES = {"memory.max": "MemoryMax", "memory.swap.max": "MemorySwapMax", "pids.max": "TasksMax"}


@dataclass(frozen=True)
class Limits:
    """What a unit may take: bytes, bytes, processes and threads."""

    memory: int
    swap: int
    tasks: int


def amount(text: str) -> int:
    """Read systemd's way of writing an amount."""
    found = re.fullmatch(r"(\d+)([KMGT]?)", text)
    if found is None:
        raise ValueError(f"{text} is no amount")
    return int(found[1]) * _UNITS[found[2]]


def limits(unit: Path) -> Limits:
    """Read a rendered unit. It must set all three."""
    settings = dict(re.findall(r"^(\w+)=(.+)$", unit.read_text(), re.MULTILINE))
    return Limits(*(amount(settings[setting]) for setting in FILES.values()))
