"""Fetching the browser libraries: pinned, checked, cached, and clear when it cannot be done."""

from __future__ import annotations

import io
import tarfile
from dataclasses import replace
from pathlib import Path

import pytest

from hearth.web import vendor
from hearth.web.vendor import CannotVendor, Package

SCRIPT = b"window.htmx = {}"


def tarball(path: Path, content: bytes = SCRIPT) -> Path:
    """A package as npm packs it."""
    with tarfile.open(path, "w:gz") as archive:
        member = tarfile.TarInfo("package/dist/small.js")
        member.size = len(content)
        archive.addfile(member, io.BytesIO(content))
    return path


@pytest.fixture
def package(tmp_path: Path) -> Package:
    """A small package, pinned."""
    packed = tarball(tmp_path / "small-1.0.0.tgz")
    pin = vendor.integrity(packed)
    return Package("small", "1.0.0", pin, "package/dist/small.js", "small.js")


def npm(folder: Path, script: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Put a program called npm before everything else."""
    folder.mkdir()
    program = folder / "npm"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}:/usr/bin:/bin")


def test_packs_checks_and_keeps(
    package: Package, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    counted = tmp_path / "calls"
    npm(
        tmp_path / "bin",
        f'echo "$@" >> {counted}; cp {tmp_path}/small-1.0.0.tgz "$4"',
        monkeypatch,
    )
    for _ in range(2):
        kept = vendor.fetch(package, tmp_path / "cache")
        placed = vendor.install(package, kept, tmp_path / "target")
        assert placed.read_bytes() == SCRIPT
    assert counted.read_text().count("pack small@1.0.0") == 1


def test_another_file_than_the_pinned_one_is_refused(
    package: Package, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    npm(tmp_path / "bin", f'cp {tmp_path}/small-1.0.0.tgz "$4"', monkeypatch)
    other = replace(package, integrity="sha512-another")
    with pytest.raises(CannotVendor, match="not the file that was pinned"):
        vendor.fetch(other, tmp_path / "cache")
    assert not (tmp_path / "cache" / package.tarball).exists()


def test_a_damaged_copy_in_the_cache_is_fetched_again(
    package: Package, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    npm(tmp_path / "bin", f'cp {tmp_path}/small-1.0.0.tgz "$4"', monkeypatch)
    (tmp_path / "cache").mkdir()
    tarball(tmp_path / "cache" / package.tarball, b"something else")
    assert vendor.integrity(vendor.fetch(package, tmp_path / "cache")) == package.integrity


def test_npm_says_why_in_one_line(
    package: Package, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    npm(tmp_path / "bin", 'echo "npm error code ENOTFOUND" >&2; exit 1', monkeypatch)
    with pytest.raises(CannotVendor, match=r"small@1\.0\.0: npm error code ENOTFOUND"):
        vendor.fetch(package, tmp_path / "cache")


def test_without_npm(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert vendor.main() == 1
    said = capsys.readouterr().err
    assert said.startswith("hearth.web.vendor: npm is missing")
    assert said.count("\n") == 1


def test_the_build_has_vendored_them() -> None:
    for package in vendor.PACKAGES:
        assert (vendor.TARGET / package.file).stat().st_size > 1_000
