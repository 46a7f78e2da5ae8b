"""Checks a model's hashes once, and again only when its files have changed."""

from __future__ import annotations

import json
from pathlib import Path

from hearth.inference.models import download
from hearth.inference.models.library import Library

Seen = dict[str, list[int | str]]  # path → size, mtime (ns), sha256 that it had


def verified(library: Library, name: str, memory: Path) -> Path:
    """What a loader opens, once its bytes are known to be right; raises as Library.verify does.

    `memory` is the file that remembers what was checked.
    """
    model = library.model(name)
    entry = library.path_of(name)
    now = {
        str(path): [path.stat().st_size, path.stat().st_mtime_ns, file.sha256 or ""]
        for file in model.files
        for path in (library.file(model, file),)
    }
    seen = _remembered(memory)
    if any(seen.get(path) != state for path, state in now.items()):
        library.verify(name)
        text = json.dumps(seen | now, indent=1)
        draft = memory.with_name(f"{memory.name}.new")
        download.join(draft, iter([text.encode()]))
        download.settle(draft, memory)
    return entry


def _remembered(memory: Path) -> Seen:
    try:
        seen: Seen = json.loads(memory.read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):  # lost or torn: everything is checked again
        return {}
    return seen
