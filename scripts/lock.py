"""Renews app/poetry.lock with Poetry 1.8, and the pip requirements exported from it.

Poetry comes from $POETRY, or is installed for this alone into build/poetry.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
APP = ROOT / "app"
REQUIREMENTS = APP / "requirements"
# poetry2nix reads the format of Poetry 1.8 and no later one.
TOOLS = ("poetry==1.8.5", "poetry-plugin-export==1.8.0")
EXPORTS = {
    "base.txt": [],
    "models.txt": ["--extras", "models"],
    "sample.txt": ["--extras", "sample"],
    "systemd.txt": ["--extras", "systemd"],
    "dev.txt": ["--only", "dev"],
}
# torch is installed apart, in its build for processors, which needs none of its companions.
_APART = re.compile(r"^(torch|triton|nvidia-|cuda-)")


def main() -> None:
    """Lock, then export."""
    poetry = os.environ.get("POETRY") or _own_poetry()
    with tempfile.TemporaryDirectory() as scratch:
        # A copy, because Poetry looks for a package beside its files.
        for name in ("pyproject.toml", "poetry.lock"):
            shutil.copy(APP / name, scratch)
        _run(poetry, scratch, "lock", "--no-update")
        exports = {file: _export(poetry, scratch, options) for file, options in EXPORTS.items()}
        shutil.copy(Path(scratch) / "poetry.lock", APP)
    REQUIREMENTS.mkdir(exist_ok=True)
    base = exports["base.txt"]
    for file, blocks in exports.items():
        own = blocks if file == "base.txt" else [block for block in blocks if block not in base]
        (REQUIREMENTS / file).write_text("".join(own), encoding="utf-8")
    (REQUIREMENTS / "torch.txt").write_text(f"torch=={_torch_version()}+cpu\n", encoding="utf-8")


def _own_poetry() -> str:
    folder = ROOT / "build" / "poetry"
    if not (folder / "bin" / "poetry").exists():
        venv.create(folder, with_pip=True, clear=True)
        subprocess.run([folder / "bin" / "pip", "install", "--quiet", *TOOLS], check=True)
    return str(folder / "bin" / "poetry")


def _run(poetry: str, folder: str, *arguments: str) -> str:
    done = subprocess.run(
        [poetry, "--no-interaction", "--directory", folder, *arguments],
        stdout=subprocess.PIPE,
        env={**os.environ, "POETRY_WARNINGS_EXPORT": "false"},
        text=True,
        check=True,
    )
    return done.stdout


def _export(poetry: str, folder: str, options: list[str]) -> list[str]:
    """The requirements of some extras or groups, a block of lines each."""
    text = _run(poetry, folder, "export", "--format", "requirements.txt", *options)
    blocks = re.split(r"^(?=[A-Za-z0-9])", text, flags=re.MULTILINE)
    return [block for block in blocks if block.strip() and not _APART.match(block)]


def _torch_version() -> str:
    lock = (APP / "poetry.lock").read_text(encoding="utf-8")
    found = re.search(r'^name = "torch"\nversion = "([^"]+)"', lock, re.MULTILINE)
    if found is None:
        sys.exit("the lock does not name torch")
    return found[1]


if __name__ == "__main__":
    main()
