"""A writable root over a read-only floor."""

from __future__ import annotations

import subprocess
from pathlib import Path


def _mounted(floor: Path, upper: Path, work: Path, target: Path) -> bool:
    for folder in (upper, work, target):
        folder.mkdir(parents=True, exist_ok=True)
    options = f"lowerdir={floor},upperdir={upper},workdir={work}"
    command = ["mount", "-t", "overlay", "overlay", str(target), "-o", options]
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


def overlay(floor: Path, state: Path) -> Path:
    """Mount an overlay whose upper side lies in `state`; return the merged folder.

    A folder that is itself on an overlay (in a container) cannot be an upper side: memory can.
    """
    target = state / "root"
    if not _mounted(floor, state / "upper", state / "work", target):
        memory = state / "memory"
        memory.mkdir(parents=True, exist_ok=True)
        subprocess.run(["mount", "-t", "tmpfs", "tmpfs", str(memory)], check=True)
        if not _mounted(floor, memory / "upper", memory / "work", target):
            raise OSError(f"no overlay can be mounted over {floor}")
    return target
