"""Nothing in Hearth looks outward: not at start, not while answering, not after a while."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest


@pytest.mark.timeout(600)
def test_no_packet_leaves_the_house(tmp_path: Path, models_dir: Path) -> None:
    here = Path(__file__).parent
    # A mount namespace as well, so that /sys shows the new network and not the machine's.
    space = ["unshare", "--net", "--mount", *([] if os.getuid() == 0 else ["--map-root-user"])]
    script = 'mount -t sysfs sysfs /sys && exec "$0" "$@"'
    done = subprocess.run(
        [
            *space,
            "sh",
            "-c",
            script,
            sys.executable,
            str(here / "offline_day.py"),
            str(tmp_path),
            str(models_dir),
        ],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": str(here)},
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    counted = json.loads(done.stdout.splitlines()[-1])
    assert counted["left"] == 0
    assert counted["on_purpose"] == 1
