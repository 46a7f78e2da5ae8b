"""The memory that models can be given: this machine's, or that of one that is planned."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from hearth.core.errors import BadInput
from hearth.inference.workers.memory import available_bytes

HOUSE = 2 * 2**30  # bytes that the rest of the house keeps on a planned machine
_UNITS = {"K": 2**10, "M": 2**20, "G": 2**30, "T": 2**40}
_SIZE = re.compile(r"(\d+(?:\.\d+)?) ?([KMGT])?I?B?", re.IGNORECASE)
_ASK = ("nvidia-smi", "--query-gpu=index,name,memory.total,memory.free")
_ASK_SECONDS = 10
_COLUMNS = 4


@dataclass(frozen=True)
class Gpu:
    """A GPU and its memory in bytes."""

    index: int  # as nvidia-smi and CUDA_VISIBLE_DEVICES count
    name: str
    total: int
    free: int


@dataclass(frozen=True)
class Box:
    """A machine's memory in bytes; `free` is what models can be given."""

    total: int
    free: int
    gpus: tuple[Gpu, ...] = ()


def box(gpus: Sequence[str] = (), ram: str | None = None) -> Box:
    """This machine, or one with the given memory where any is given ("24G")."""
    planned = tuple(
        Gpu(index, "planned", size, size) for index, size in enumerate(map(size_of, gpus))
    )
    if ram is not None:
        total = size_of(ram)
        return Box(total, max(total - HOUSE, 0), planned)
    text = Path("/proc/meminfo").read_text(encoding="utf-8")
    found = re.search(r"^MemTotal:\s+(\d+) kB", text, re.MULTILINE)
    total = int(found[1]) * 1024 if found else 0
    return Box(total, max(available_bytes(), 0), planned if gpus else present())


def present() -> tuple[Gpu, ...]:
    """The GPUs that nvidia-smi knows; none where there is no nvidia-smi or no driver."""
    command = [*_ASK, "--format=csv,noheader,nounits"]
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, check=True, timeout=_ASK_SECONDS
        )
    except (OSError, subprocess.SubprocessError):
        return ()
    return parse(done.stdout)


def parse(text: str) -> tuple[Gpu, ...]:
    """nvidia-smi's lines; a GPU that does not tell its memory is left out."""
    found = []
    for line in text.splitlines():
        columns = [column.strip() for column in line.split(",")]
        numbers = [*columns[:1], *columns[2:]]
        if len(columns) == _COLUMNS and all(number.isdecimal() for number in numbers):
            index, total, free = map(int, numbers)
            found.append(Gpu(index, columns[1], total * 2**20, free * 2**20))
    return tuple(found)


def size_of(text: str) -> int:
    """Bytes of a size such as 24G, 24GiB or 512M; a unit is a power of 1024, as on a GPU's box."""
    found = _SIZE.fullmatch(text.strip())
    size = int(float(found[1]) * _UNITS[(found[2] or "G").upper()]) if found else 0
    if not 0 < size < _UNITS["T"] * 1024:
        raise BadInput(f"{text!r} is no size", remedy="Write it as 24G, or 512M.")
    return size
