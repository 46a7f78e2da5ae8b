"""The steps from a bare clone to a house that runs, in order."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import debian
import native
import requirements
from show import ROOT, Failed, call, say
from stamps import STAMPS, VENV, Results, Step

_PYTHON = VENV / "bin" / "python"
_HEARTH = VENV / "bin" / "hearth"
_PIP = (str(_PYTHON), "-m", "pip", "install", "--no-input", "--disable-pip-version-check")
_TORCH_INDEX = "https://download.pytorch.org/whl/cpu"
_APP = ROOT / "app"
_WEB = _APP / "hearth" / "web"
_MANIFEST = _APP / "hearth" / "inference" / "models.toml"
_CONFIGURATION = ROOT / "var" / "hearth.toml"
_TEST_MODELS = ("smollm2-135m-instruct", "all-minilm-l6-v2", "qwen2.5-coder-1.5b-instruct")
_RUN_FILES = ("base.txt", "models.txt", "sample.txt")
_TEST_FILES = (*_RUN_FILES, "dev.txt")
_MINUTES = {"base.txt": 0.5, "models.txt": 1, "sample.txt": 0.2, "dev.txt": 0.5}


def of(profile: str) -> Iterator[Step]:
    """The steps of `run` or `test`."""
    if profile not in {"run", "test"}:
        raise Failed(f"there is no profile {profile!r}; known: run, test")
    yield Step("venv", _make_venv)
    for file in _RUN_FILES if profile == "run" else _TEST_FILES:
        yield Step(file, partial(_install, file), (requirements.FOLDER / file,))
    yield Step("torch", _install_torch, (requirements.FOLDER / "torch.txt",))
    yield from _compiled()
    yield Step("hearth", _install_hearth, (_APP / "pyproject.toml",))
    yield Step("pages", _vendor, (_WEB / "vendor.py",), ("npm",))
    if profile == "run":
        yield Step("sample", _make_sample)
        models = Step("models", partial(_pull, ()), (_MANIFEST, _CONFIGURATION))
    else:
        models = Step("test-models", partial(_pull, _TEST_MODELS), (_MANIFEST,))
    yield models
    build = native.llama().options.values()
    yield Step("engine", partial(_try_engine, models), (_MANIFEST, *build))


def _compiled() -> Iterator[Step]:
    systemd = [native.SYSTEMD] if debian.has_libsystemd() else []
    for package in (native.HNSWLIB, native.llama(), *systemd):
        listed = requirements.of(package.listed_in)[package.name]
        sources = (listed, *package.options.values())
        yield Step(package.name, partial(native.install, package), sources, package.tools)


def _make_venv() -> Results:
    # A stamp that no longer fits means another Python or a moved clone: begin anew.
    fresh = ["--clear"] if (STAMPS / "venv").exists() else []
    call("Python environment in .venv", [sys.executable, "-m", "venv", *fresh, str(VENV)])
    return [_PYTHON]


def _install(file: str) -> Results:
    listed = ROOT / "build" / file
    count = requirements.write(listed, file, leave_out=native.NAMES)
    options = ("--no-deps", "--require-hashes", "-r", str(listed))
    label = f"{count} Python packages of {file}, checked by hash"
    call(label, [*_PIP, *options], minutes=_MINUTES[file])
    return []


def _install_torch() -> Results:
    listed = ("--no-deps", "-r", str(requirements.FOLDER / "torch.txt"))
    label = "torch, built for processors alone (200 MB)"
    try:
        call(label, [*_PIP, *listed], minutes=1)
    except Failed:  # the person's own index has none; its makers do
        call(label, [*_PIP, *listed, "--index-url", _TORCH_INDEX], minutes=2)
    return []


def _install_hearth() -> Results:
    call("Hearth itself", [*_PIP, "--no-deps", "--editable", str(_APP)])
    return [_HEARTH]


def _vendor() -> Results:
    call("the pages' scripts, from npm", [str(_PYTHON), "-m", "hearth.web.vendor"])
    return [_WEB / "static" / "vendor" / name for name in ("htmx.min.js", "sse.min.js")]


def _make_sample() -> Results:
    call("the sample household in var/", [str(_HEARTH), "sample", "--into", str(ROOT / "var")])
    return [_CONFIGURATION]


def _pull(names: tuple[str, ...]) -> Results:
    say("models, checked by sha256 (1.2 GB the first time)")
    # Named models go to the user's own folder: a clone that only tests has no configuration.
    configured = {} if names else {"HEARTH_CONFIG": str(_CONFIGURATION)}
    done = subprocess.run(
        [_HEARTH, "models", "pull", "--json", *names],
        stdout=subprocess.PIPE,
        env={**os.environ, **configured},
        check=False,
    )
    said = json.loads(done.stdout or "{}")
    if done.returncode:
        problem = {"detail": "failed", "remedy": "", **said.get("error", {})}
        raise Failed(f"models: {problem['detail']} {problem['remedy']}")
    return [Path(model["path"]) for model in said["pulled"]]


def _try_engine(models: Step) -> Results:
    gguf = min(
        (path for path in models.results() if path.suffix == ".gguf"),
        key=lambda path: path.stat().st_size,
    )
    trial = [str(_PYTHON), "-m", "hearth.inference.models.trial", str(gguf)]
    try:
        call("the engine's first steps on this processor", trial)
    except Failed:
        if native.llama() is native.PORTABLE_LLAMA:
            raise
        say("the engine's build does not fit this processor; a portable one takes its place")
        native.refuse_llama()
        native.install(native.llama())
        call("the portable engine's first steps", trial)
    return []
