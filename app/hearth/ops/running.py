"""Which processes work on a folder, asked of the kernel."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path


def users(folder: Path) -> list[int]:
    """The processes that have a file of `folder` open; root alone sees those of others."""
    inside = f"{folder.resolve()}/"
    mine = os.getpid()
    processes = [int(path.name) for path in Path("/proc").iterdir() if path.name.isdigit()]
    return sorted(
        process
        for process in processes
        if process != mine and any(name.startswith(inside) for name in _open_files(process))
    )


def _open_files(process: int) -> Iterator[str]:
    try:
        descriptors = list(Path(f"/proc/{process}/fd").iterdir())
    except OSError:  # it has ended, or belongs to another
        return
    for descriptor in descriptors:
        try:
            yield str(descriptor.readlink())
        except OSError:
            continue
