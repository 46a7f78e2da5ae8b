"""How tests/rendered is kept: `box` whole, and of a host like it what sets it apart.

So a change of one unit is read once, and a variant shows what its options add. A host's file LACKS
names what `box` has and it has not; a host without one is whole.
"""

from __future__ import annotations

import functools
import hashlib
import shutil
import tempfile
from pathlib import Path

from lab.files import File
from lab.places import PROJECT, RENDERED

BASE = "box"
LACKS = "LACKS"
_WHOLE = PROJECT / "build" / "rendered"


def names(rendered: Path = RENDERED) -> list[str]:
    """Return every host that is rendered."""
    return sorted(path.name for path in rendered.iterdir() if path.is_dir())


def difference(found: dict[str, File], base: dict[str, File]) -> dict[str, File]:
    """Return a host's files without those that the base has too; all, where it is another kind."""
    if 2 * len(found.keys() & base.keys()) < len(base):
        return found
    lacks = "".join(f"{path}\n" for path in sorted(base.keys() - found.keys()))
    return {path: file for path, file in found.items() if base.get(path) != file} | {LACKS: lacks}


@functools.cache
def whole(name: str, rendered: Path = RENDERED, into: Path = _WHOLE) -> Path:
    """Return a folder with every file of a host, made where only a difference is kept."""
    own, base = rendered / name, rendered / BASE
    if not (own / LACKS).is_file():
        return own
    place = into / f"{name}-{_digest(base, own)}"
    if place.is_dir():
        return place
    into.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=into) as scratch:
        fresh = Path(scratch) / name
        shutil.copytree(base, fresh, symlinks=True)
        for path in (own / LACKS).read_text().splitlines():
            (fresh / path).unlink()
        for file in _files(own):
            target = fresh / file.relative_to(own)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.unlink(missing_ok=True)
            shutil.copy2(file, target, follow_symlinks=False)
        (fresh / LACKS).unlink()
        for folder in sorted((path for path in fresh.rglob("*") if path.is_dir()), reverse=True):
            if not any(folder.iterdir()):
                folder.rmdir()
        fresh.rename(place)
    return place


def _files(folder: Path) -> list[Path]:
    found = folder.rglob("*")
    return sorted(path for path in found if path.is_symlink() or not path.is_dir())


def _digest(*folders: Path) -> str:
    total = hashlib.sha256()
    for folder in folders:
        for file in _files(folder):
            content = str(file.readlink()) if file.is_symlink() else file.read_text()
            told = f"{file.relative_to(folder)}\0{content}\0{file.lstat().st_mode & 0o777}\0"
            total.update(told.encode())
    return total.hexdigest()[:12]
