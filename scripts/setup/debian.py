"""The programs of the machine: installed where possible, asked for in one line elsewhere."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterable

from show import Failed, call, say


def require(programs: Iterable[str]) -> None:
    """Have these programs, or raise Failed with the one line that names what is missing."""
    missing = [program for program in programs if shutil.which(program) is None]
    if missing and _can_install():
        _install(missing)
    elif missing:
        words = ", ".join(missing)
        raise Failed(f"missing: {words} (Debian, Ubuntu: apt-get install {' '.join(missing)})")


def provide_for_tests() -> None:
    """Have what the tests use, or say loudly that some go without."""
    wanted = ("chromium", "patchelf", "pkg-config", "qrencode", "restic")
    missing = [program for program in wanted if shutil.which(program) is None]
    if not has_libsystemd():
        missing.append("libsystemd-dev")
    if missing and _can_install():
        _install(missing)
    elif missing:
        say(f"MISSING: {', '.join(missing)}; the tests that need them are left out", loud=True)


def has_libsystemd() -> bool:
    """Whether systemd-python can be built here."""
    asked = ["pkg-config", "--exists", "libsystemd"]
    return shutil.which(asked[0]) is not None and subprocess.run(asked, check=False).returncode == 0


def _can_install() -> bool:
    return os.geteuid() == 0 and shutil.which("apt-get") is not None


def _install(packages: list[str]) -> None:
    quiet = {"DEBIAN_FRONTEND": "noninteractive"}
    call("Debian's lists of packages", ["apt-get", "update", "-q"], environment=quiet)
    install = ["apt-get", "install", "-q", "-y", "--no-install-recommends", *packages]
    call(f"Debian packages: {', '.join(packages)}", install, minutes=2, environment=quiet)
