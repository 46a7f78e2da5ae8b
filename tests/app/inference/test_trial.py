"""Whether this machine's build of llama.cpp computes on its processor."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from hearth.core.errors import Damaged
from hearth.inference.models import trial


def test_a_build_that_fits_passes(model_file: Path) -> None:
    trial.run(model_file)


def test_a_file_that_is_no_model_is_named(tmp_path: Path) -> None:
    path = tmp_path / "model.gguf"
    path.write_bytes(b"no model")
    with pytest.raises(Damaged, match="cannot load"):
        trial.run(path)
    command = [sys.executable, "-m", "hearth.inference.models.trial", str(path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert str(path) in done.stderr
