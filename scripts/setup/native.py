"""Packages that are compiled for this very processor: built once, kept for every clone.

The wheels lie in the user's cache under a key of the package's version, the Python, the processor
and the build's options, so that none is ever used where it would not run.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import platform
import sys
import tempfile
from dataclasses import dataclass, field, replace
from pathlib import Path

import requirements
from show import Failed, call
from stamps import VENV, Results


@dataclass(frozen=True)
class Native:
    """One such package."""

    name: str
    listed_in: str  # the requirements file
    minutes: float  # on two cores
    tools: tuple[str, ...] = ("g++",)
    options: dict[str, str] = field(default_factory=dict)


# Debian 12's gcc builds llama.cpp's AMX path so that the first decode faults at `ldtilecfg`, on
# every processor that has AMX; the AVX-512 path is right.
_NO_AMX = "-mno-amx-tile -mno-amx-int8 -mno-amx-bf16" if platform.machine() == "x86_64" else ""

LLAMA = Native(
    "llama-cpp-python",
    "models.txt",
    6,
    ("g++", "cmake"),
    {
        "CMAKE_ARGS": "-DGGML_NATIVE=ON -DLLAMA_BUILD_TESTS=OFF -DLLAMA_BUILD_EXAMPLES=OFF",
        "CFLAGS": _NO_AMX,
        "CXXFLAGS": _NO_AMX,
    },
)
# For a processor on which the build above does not compute: what llama.cpp builds for any of its
# kind (on x86-64: AVX2).
_PORTABLE = LLAMA.options["CMAKE_ARGS"].replace("GGML_NATIVE=ON", "GGML_NATIVE=OFF")
PORTABLE_LLAMA = replace(LLAMA, options={"CMAKE_ARGS": _PORTABLE})
HNSWLIB = Native("hnswlib", "base.txt", 0.5)
SYSTEMD = Native("systemd-python", "systemd.txt", 0.3)


NAMES = frozenset({LLAMA.name, HNSWLIB.name, SYSTEMD.name})


def install(package: Native) -> Results:
    """Install the package's wheel, building it where this machine never did."""
    requirement = requirements.of(package.listed_in)[package.name]
    kept = wheel_folder(package, requirement)
    kept.mkdir(parents=True, exist_ok=True)
    # One clone builds; another that starts meanwhile waits for its wheel.
    with (kept.parent / f"{kept.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        wheel = _wheel(kept) or _build(package, requirement, kept)
    pip = [str(VENV / "bin/python"), "-m", "pip", "install", "--no-deps", "--no-index"]
    call(f"{package.name}: installing the wheel", [*pip, "--force-reinstall", str(wheel)])
    return []


def llama() -> Native:
    """The build of llama.cpp that computes on this processor, as far as it was tried."""
    return PORTABLE_LLAMA if _unfit_mark().exists() else LLAMA


def refuse_llama() -> None:
    """Remember that the build for this very processor does not compute on it."""
    mark = _unfit_mark()
    mark.parent.mkdir(parents=True, exist_ok=True)
    mark.touch()


def _unfit_mark() -> Path:
    return wheel_folder(LLAMA, requirements.of(LLAMA.listed_in)[LLAMA.name]) / "unfit"


def _wheel(folder: Path) -> Path | None:
    return next(iter(sorted(folder.glob("*.whl"))), None)


def _build(package: Native, requirement: str, folder: Path) -> Path:
    with tempfile.TemporaryDirectory(dir=folder.parent) as scratch:
        listed = Path(scratch) / "requirements.txt"
        listed.write_text(requirement)
        options = ["--no-deps", "--require-hashes", "--no-binary", package.name, "-w", scratch]
        call(
            f"{package.name}: compiling for this processor",
            [str(VENV / "bin/python"), "-m", "pip", "wheel", *options, "-r", str(listed)],
            minutes=package.minutes,
            environment=package.options,
        )
        built = _wheel(Path(scratch))
        if built is None:
            raise Failed(f"{package.name}: the build left no wheel")
        return built.rename(folder / built.name)


def wheel_folder(package: Native, requirement: str) -> Path:
    """Where the wheel of this package lies for this very machine."""
    made_from = "\n".join([requirement, *package.options.values(), platform.machine(), _flags()])
    key = hashlib.sha256(made_from.encode()).hexdigest()[:12]
    tag = f"cp{sys.version_info[0]}{sys.version_info[1]}"
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return cache / "hearth" / "wheels" / f"{package.name}-{tag}-{key}"


def _flags() -> str:
    """What the processor can do, as Linux names it."""
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        name, _, flags = line.partition(":")
        if name.strip() in {"flags", "Features"}:
            return " ".join(sorted(flags.split()))
    return platform.processor()
