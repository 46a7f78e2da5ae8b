"""Runs the commands that come through the machine's serial port, for the test outside.

It says first that it is there: before, a firmware may use the same port as a screen. A command is
a line of JSON, {"command", "timeout"}; so is the answer, {"status", "output"}.
"""

import json
import subprocess
import time
from io import RawIOBase
from pathlib import Path

PORT = Path("/dev/virtio-ports/hearth.shell")
READY = b"\nhearth: the shell is ready\n"
ENVIRONMENT = {
    "HOME": "/root",
    "LANG": "C.UTF-8",
    "PATH": "/usr/local/bin:/usr/sbin:/usr/bin",
    "TERM": "dumb",
    "USER": "root",
}


def run(command: str, timeout: float) -> dict[str, int | str]:
    """Run one command as the driver of the containers does."""
    try:
        done = subprocess.run(
            ["bash", "-c", f"set -euo pipefail; cd /root; {command}"],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env=ENVIRONMENT,
            timeout=timeout,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        return {"status": 124, "output": (error.output or b"").decode(errors="replace")}
    return {"status": done.returncode, "output": done.stdout.decode(errors="replace")}


def _write(port: RawIOBase, data: bytes) -> None:
    """Write all of it: a port takes what it has room for."""
    while data:
        data = data[port.write(data) or 0 :]


def main() -> None:
    """Answer until the machine is off."""
    while not PORT.exists():
        time.sleep(0.1)
    with PORT.open("r+b", buffering=0) as port:
        _write(port, READY)
        while True:
            line = port.readline()
            if not line:  # nobody has connected yet
                time.sleep(0.1)
                continue
            _write(port, json.dumps(run(**json.loads(line))).encode() + b"\n")


if __name__ == "__main__":
    main()
