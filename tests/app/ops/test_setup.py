"""`scripts/setup`: steps done once, tools asked for in one line, wheels kept by processor."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import native
import pytest
import requirements
import show
import stamps
import steps
from stamps import Step

ROOT = Path(__file__).parents[3]


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """A clone's files without what is installed in it."""
    shutil.copytree(ROOT / "scripts", tmp_path / "scripts")
    shutil.copytree(ROOT / "app" / "requirements", tmp_path / "app" / "requirements")
    for name in ("pyproject.toml", "hearth/web/vendor.py", "hearth/inference/models/models.toml"):
        (tmp_path / "app" / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / "app" / name, tmp_path / "app" / name)
    return tmp_path


def test_missing_programs_are_named_in_one_line(clone: Path, tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, clone / "scripts" / "setup", "run"],
        env={"PATH": str(tmp_path), "HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    words = "* missing: g++, cmake, npm (Debian, Ubuntu: apt-get install g++ cmake npm)\n"
    assert done.stderr == words
    assert not (clone / ".venv").exists()


def test_missing_python_is_named_in_one_line(clone: Path, tmp_path: Path) -> None:
    done = subprocess.run(
        ["/bin/sh", clone / "scripts" / "python.sh", "-c", "print('it ran')"],
        env={"PATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert done.stderr.startswith("Hearth needs Python 3.11, 3.12 or 3.13")
    assert done.stderr.count("\n") == 1


def test_step_is_done_until_its_sources_or_results_change(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stamps, "STAMPS", tmp_path / "stamps")
    source, result = tmp_path / "source", tmp_path / "result"
    source.write_text("one")
    step = Step("example", lambda: [result], (source, "a word"))
    assert not step.done()
    result.write_text("made")
    step.run()
    assert step.done()
    assert not replace(step, sources=(source, "another word")).done()
    source.write_text("two")
    assert not step.done()
    step.run()
    result.unlink()
    assert not step.done()


def test_requirements_keep_their_hashes_and_leave_out_what_is_compiled(tmp_path: Path) -> None:
    count = requirements.write(tmp_path / "base.txt", "base.txt", native.NAMES)
    text = (tmp_path / "base.txt").read_text()
    assert count == len(requirements.of("base.txt")) - 1
    assert "hnswlib" not in text
    assert all("--hash=sha256:" in block for block in requirements.of("models.txt").values())


def test_wheels_are_kept_apart_by_processor_version_and_options(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    llama = native.LLAMA
    folders = {native.wheel_folder(llama, "1.0"), native.wheel_folder(llama, "2.0")}
    folders.add(native.wheel_folder(replace(llama, options={"CMAKE_ARGS": ""}), "1.0"))
    monkeypatch.setattr(native, "_flags", lambda: "another processor")
    folders.add(native.wheel_folder(llama, "1.0"))
    assert len(folders) == 4
    assert {folder.parent for folder in folders} == {tmp_path / "hearth" / "wheels"}


def test_failed_command_shows_the_end_of_what_it_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(show, "LOG", tmp_path / "build" / "setup.log")
    script = "print('first'); raise SystemExit('the disk is full')"
    with pytest.raises(
        show.Failed, match=r"Building: failed, see .*setup\.log\n  first\n  the disk"
    ):
        show.call("Building", [sys.executable, "-c", script], minutes=2)
    assert capfd.readouterr().err == "* Building (about 2 min)\n"


def test_engine_that_does_not_compute_here_gives_way_to_a_portable_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setattr(stamps, "STAMPS", tmp_path / "stamps")
    gguf = tmp_path / "model.gguf"
    gguf.write_bytes(b"weights")
    models = Step("models", lambda: [gguf])
    models.run()
    installed = [native.llama()]

    def call(label: str, command: Sequence[str]) -> None:
        assert command[-1] == str(gguf)
        if installed[-1] is native.LLAMA:
            raise show.Failed(f"{label}: ended by SIGILL")

    monkeypatch.setattr(steps, "call", call)
    monkeypatch.setattr(native, "install", installed.append)
    steps._try_engine(models)
    assert installed == [native.LLAMA, native.PORTABLE_LLAMA]
    assert native.llama() is native.PORTABLE_LLAMA, "every later clone knows it"
    steps._try_engine(models)
    assert len(installed) == 2
