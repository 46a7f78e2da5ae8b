"""How much memory there is, and what a process has taken of it and of the processor."""

from __future__ import annotations

import os
import re
from pathlib import Path

_RESERVE = 256 * 2**20  # that the rest of the machine keeps
_PROC = Path("/proc")
_GROUPS = Path("/sys/fs/cgroup")


def available_bytes(proc: Path = _PROC, groups: Path = _GROUPS) -> int:
    """Memory that can be taken without swapping or pushing anyone out, less a reserve.

    The kernel's estimate (MemAvailable of proc(5)), and what the own control group still allows.
    """
    found = re.search(r"^MemAvailable:\s+(\d+) kB", (proc / "meminfo").read_text(), re.MULTILINE)
    machine = int(found[1]) * 1024 if found else 0
    return min(machine, _group_allows(machine, proc, groups)) - _RESERVE


def resident_bytes(pid: int | None) -> int:
    """A process's proportional set size (PSS); 0 for none, or one that is gone."""
    return _share(pid, "Pss")


def anonymous_bytes(pid: int | None) -> int:
    """The part of it that is no file's, such as weights that are only mapped."""
    return _share(pid, "Pss_Anon")


def _share(pid: int | None, kind: str) -> int:
    try:
        text = Path(f"/proc/{pid}/smaps_rollup").read_text()
    except OSError:
        return 0
    found = re.search(rf"^{kind}:\s+(\d+) kB", text, re.MULTILINE)
    return int(found[1]) * 1024 if found else 0


def processor_seconds(pid: int | None) -> float:
    """Time that a process has run, in the kernel too; 0 for none, or one that is gone."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return 0
    fields = text.rpartition(")")[2].split()  # from the third on: utime is the 14th of proc(5)
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _group_allows(otherwise: int, proc: Path, groups: Path) -> int:
    """What the limits of this process's control group (version 2) and of those above it leave."""
    try:
        name = (proc / "self" / "cgroup").read_text().strip().rpartition("::")[2]
    except OSError:
        return otherwise
    left = otherwise
    group = groups / name.lstrip("/")
    for folder in (group, *group.parents):
        try:
            limit = (folder / "memory.max").read_text().strip()
            if limit != "max":
                left = min(left, int(limit) - _charged(folder))
        except (OSError, ValueError):
            continue
    return left


def _charged(folder: Path) -> int:
    """Bytes charged to a group that cannot be reclaimed: without the file cache."""
    current = int((folder / "memory.current").read_text())
    cache = re.search(r"^file (\d+)$", (folder / "memory.stat").read_text(), re.MULTILINE)
    return current - (int(cache[1]) if cache else 0)
