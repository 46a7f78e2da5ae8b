"""hearth-inference as a program of its own."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def running(configuration: Path, engine: str = "default") -> Iterator[subprocess.Popen[bytes]]:
    """The service of an engine, once it has said READY=1."""
    address = configuration.parent / f"notify-{engine}"
    address.unlink(missing_ok=True)
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notify:
        notify.bind(str(address))
        notify.settimeout(60)
        command = [sys.executable, "-m", "hearth.services.inference"]
        process = subprocess.Popen(
            [*command, "--engine", engine, "--config", str(configuration)],
            env=os.environ | {"NOTIFY_SOCKET": str(address)},
        )
        try:
            while notify.recv(100) != b"READY=1":
                pass
            yield process
        finally:
            process.terminate()
            process.wait(60)
