"""Resumable downloads, and files written so that a full disk or a kill leaves nothing half."""

from __future__ import annotations

import errno
import hashlib
import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

from hearth.core.errors import NotAllowed, StorageFull, Unavailable

Progress = Callable[[int], None]  # told how many more bytes have arrived
_CHUNK = 1 << 20
_ATTEMPTS = 5  # in a row without a single new byte
_FORBIDDEN = {errno.EACCES, errno.EPERM, errno.EROFS}
_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


def client() -> httpx.Client:
    """An HTTP client that trusts certifi's certificates, the system's and pip's own."""
    context = httpx.create_ssl_context()
    context.load_default_certs()
    if own := os.environ.get("PIP_CERT"):
        context.load_verify_locations(own)
    return httpx.Client(verify=context, follow_redirects=True, timeout=httpx.Timeout(30))


def fetch(
    http: httpx.Client,
    url: str,
    target: Path,
    progress: Progress,
    announce: Callable[[int], None] = lambda _: None,
) -> None:
    """Download `url` to `target`, continuing what an earlier try left in `target`.part.

    `announce` is told how many bytes are still to come, where the server says so.
    """
    part = target.with_name(target.name + ".part")
    target.parent.mkdir(parents=True, exist_ok=True)
    if part.exists():
        progress(part.stat().st_size)
    failures = 0
    while True:
        before = _size(part)
        try:
            _continue(http, url, part, progress, announce)
            break
        except httpx.TransportError as error:
            failures = failures + 1 if _size(part) == before else 0
            if failures == _ATTEMPTS:
                raise Unavailable(
                    f"the download broke off: {error or type(error).__name__}",
                    where=url,
                    remedy="Run the same command again; it continues where it stopped.",
                ) from error
    with storing(part), part.open("rb+") as file:
        os.fsync(file.fileno())
    part.replace(target)
    _validator(part).unlink(missing_ok=True)


def _continue(
    http: httpx.Client,
    url: str,
    part: Path,
    progress: Progress,
    announce: Callable[[int], None],
) -> None:
    start = _size(part)
    headers = {"accept-encoding": "identity"}
    # If-Range makes a file that has changed since come whole instead of as a wrong tail.
    if start and _validator(part).exists():
        headers |= {"range": f"bytes={start}-", "if-range": _validator(part).read_text()}
    with http.stream("GET", url, headers=headers) as response:
        if response.status_code == httpx.codes.REQUESTED_RANGE_NOT_SATISFIABLE:
            if response.headers.get("content-range") == f"bytes */{start}":
                return  # nothing was missing but the rename
            _validator(part).unlink()
            raise httpx.ReadError("the server's file has changed")
        if response.is_error:
            raise Unavailable(f"the server answered {response.status_code}", where=url)
        resumed = response.status_code == httpx.codes.PARTIAL_CONTENT
        if not resumed:
            progress(-start)
        announce(int(response.headers.get("content-length", 0)))
        with storing(part):
            _remember(response, part)
            _write(part, response.iter_raw(_CHUNK), progress, append=resumed)


def _write(part: Path, chunks: Iterable[bytes], progress: Progress, *, append: bool) -> None:
    with part.open("ab" if append else "wb", buffering=0) as file:
        for chunk in chunks:
            rest = memoryview(chunk)
            while rest:
                rest = rest[file.write(rest) :]
            progress(len(chunk))


def _remember(response: httpx.Response, part: Path) -> None:
    etag = response.headers.get("etag", "")
    validator = "" if etag.startswith("W/") else etag
    validator = validator or response.headers.get("last-modified", "")
    if validator:
        _validator(part).write_text(validator)


def _validator(part: Path) -> Path:
    return part.with_name(part.name + ".validator")


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


def digest(path: Path) -> str:
    """The file's sha256 in hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def join(target: Path, chunks: Iterator[bytes]) -> None:
    """Write `chunks` to `target` and to the disk under it."""
    with storing(target):
        target.parent.mkdir(parents=True, exist_ok=True)
        with target.open("wb") as file:
            for chunk in chunks:
                file.write(chunk)
            file.flush()
            os.fsync(file.fileno())


def settle(source: Path, target: Path) -> None:
    """Move a finished file to its place so that it survives a power cut."""
    target.parent.mkdir(parents=True, exist_ok=True)
    source.replace(target)
    folder = os.open(target.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


@contextmanager
def storing(path: Path) -> Iterator[None]:
    """Say in our words that the disk is full, or that it is not ours to write."""
    try:
        yield
    except OSError as error:
        if error.errno in _FORBIDDEN:
            raise NotAllowed(
                f"this folder cannot be written: {error.strerror}",
                where=str(path.parent),
                remedy="Name another with --models-dir, or run this as its owner.",
            ) from error
        if error.errno not in _FULL:
            raise
        raise StorageFull(
            "the disk is full; no model was changed",
            where=str(path.parent),
            remedy="Free some space and run the same command again; it continues.",
        ) from error
