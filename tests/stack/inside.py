"""Runs programs of the Debian root over a rendering, in a scratch copy of both."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from driver.overlay import overlay
from driver.store import PREFIX, fill_store

# Programs of optional units that Debian has not: systemd looks whether they are there.
_NOT_DEBIANS = ("glances/bin/glances", "prometheus-nvidia-gpu-exporter/bin/nvidia_gpu_exporter")


class Inside:
    """A scratch root with a rendering in it; nothing of it stays."""

    def __init__(self, root: Path, tree: Path) -> None:
        self.root = root
        self.tree = tree

    def run(self, *command: str) -> tuple[int, str]:
        """Run a program in the root, without a network; its status and all that it said."""
        done = subprocess.run(
            ["unshare", "--net", "--mount", "chroot", str(self.root), *command],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=120,
            check=False,
        )
        return done.returncode, done.stdout

    def change(self, path: str, old: str, new: str) -> None:
        """Spoil a file of the root, for a check that must refuse it."""
        place = self.root / path
        text = place.read_text()
        assert old in text, (path, old)
        place.write_text(text.replace(old, new))


@contextmanager
def inside(floor: Path, tree: Path) -> Iterator[Inside]:
    """Lay a rendering into a copy-on-write root, with its store."""
    state = Path(tempfile.mkdtemp(prefix="hearth-rendered-"))
    try:
        root = overlay(floor, state)
        subprocess.run(["mount", "-t", "proc", "proc", str(root / "proc")], check=True)
        subprocess.run(["mount", "--bind", "/dev", str(root / "dev")], check=True)
        for file in ("nftables.conf", "caddy/Caddyfile", "prometheus/prometheus.yml"):
            (root / "etc" / file).unlink(missing_ok=True)
        shutil.copytree(tree / "etc", root / "etc", symlinks=True, dirs_exist_ok=True)
        fill_store(tree, root)
        for environment in ("light", "models"):
            for program in ("python", "hearth"):
                _program(root / "opt/hearth" / environment / "bin" / program)
        for program in _NOT_DEBIANS:
            _program(root / f"{PREFIX}{program}".lstrip("/"))
        yield Inside(root, tree)
    finally:
        for place in ("root/proc", "root/dev", "root", "memory"):
            subprocess.run(["umount", "-l", str(state / place)], check=False, capture_output=True)
        shutil.rmtree(state, ignore_errors=True)


def _program(place: Path) -> None:
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_text("#!/bin/sh\n")
    place.chmod(0o755)
