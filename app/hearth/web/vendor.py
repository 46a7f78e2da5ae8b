"""Fetch the two browser libraries at build time: from npm, pinned, checked, cached.

Run it as `python -m hearth.web.vendor`; it needs the standard library and `npm`, nothing else.
"""

from __future__ import annotations

import base64
import hashlib
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
from dataclasses import dataclass
from pathlib import Path

TARGET = Path(__file__).parent / "static" / "vendor"
SECONDS = 120  # for one package


@dataclass(frozen=True)
class Package:
    """An npm package at one version; `integrity` is npm's own (SRI, sha512 of the tarball)."""

    name: str
    version: str
    integrity: str
    member: str  # the file inside that the pages load
    file: str  # its name here

    @property
    def tarball(self) -> str:
        """The file name that `npm pack` gives."""
        return f"{self.name}-{self.version}.tgz"


PACKAGES = (
    Package(
        "htmx.org",
        "2.0.11",
        "sha512-Thx/WtpeOQqSrqBCw/A1cwGJGg4UrVa3+sW0GmrM3p4gJgO89ecH4qtbnyzDDWFvBTqjnIMCgELTNt636dtamA==",
        "package/dist/htmx.min.js",
        "htmx.min.js",
    ),
    Package(
        "htmx-ext-sse",
        "2.2.4",
        "sha512-LJmxVhykyflBWgh5PvbRidcyuqMHlgfajmmzumvKctv9puvsufeH6OaejSMZTNTnEI8O2wXXn4ZZtBdpEMqmEQ==",
        "package/dist/sse.min.js",
        "sse.min.js",
    ),
)


class CannotVendor(Exception):
    """A package cannot be had, in one line for the person who builds."""


def integrity(path: Path) -> str:
    """A file's Subresource Integrity string, sha512."""
    digest = hashlib.sha512(path.read_bytes()).digest()
    return f"sha512-{base64.b64encode(digest).decode()}"


def fetch(package: Package, cache: Path) -> Path:
    """The package's tarball in `cache`, packed by npm unless a sound one is there."""
    kept = cache / package.tarball
    if kept.is_file() and integrity(kept) == package.integrity:
        return kept
    cache.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=cache) as folder:
        packed = _pack(package, Path(folder))
        if integrity(packed) != package.integrity:
            raise CannotVendor(
                f"{package.tarball} is not the file that was pinned (its sha512 differs); "
                "nothing was installed"
            )
        packed.replace(kept)
    return kept


def install(package: Package, tarball: Path, target: Path) -> Path:
    """Put the package's one file into `target`, whole or not at all."""
    with tarfile.open(tarball) as archive:
        content = archive.extractfile(package.member)
        if content is None:
            raise CannotVendor(f"{package.tarball} holds no file {package.member}")
        data = content.read()
    target.mkdir(parents=True, exist_ok=True)
    placed = target / package.file
    if not placed.is_file() or placed.read_bytes() != data:
        partial = placed.with_suffix(".partial")
        partial.write_bytes(data)
        partial.replace(placed)
    return placed


def _pack(package: Package, folder: Path) -> Path:
    npm = shutil.which("npm")
    if npm is None:
        raise CannotVendor("npm is missing: install Node.js (Debian: apt-get install npm)")
    command = [npm, "pack", f"{package.name}@{package.version}", "--pack-destination", str(folder)]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS, check=False)
    except subprocess.TimeoutExpired as error:
        raise CannotVendor(f"npm pack {package.name} took over {SECONDS} seconds") from error
    packed = folder / package.tarball
    if done.returncode or not packed.is_file():
        faults = [line for line in done.stderr.splitlines() if line.startswith("npm error")]
        reason = faults[0] if faults else f"it ended with status {done.returncode}"
        raise CannotVendor(f"npm could not fetch {package.name}@{package.version}: {reason}")
    return packed


def main() -> int:
    """Install every package; 0 when all are in place."""
    caches = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    try:
        for package in PACKAGES:
            install(package, fetch(package, caches / "hearth" / "npm"), TARGET)
    except (CannotVendor, OSError) as error:
        print(f"hearth.web.vendor: {error}", file=sys.stderr)  # noqa: T201 - a build step speaks
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
