"""`hearth-welcome`: until somebody has signed in, the box's screen shows how to.

It writes what the login prompt shows (agetty's issue folder), with a fresh one-time link before the
last one ends, and stops for good when the hub has counted a sign-in.
"""

from __future__ import annotations

import json
import re
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterable
from http.client import HTTPConnection
from pathlib import Path

ISSUE = Path("/run/issue.d/50-hearth.issue")
DONE = Path("/var/lib/hearth-welcome/signed-in")
OPS = Path("/run/hearth/hub/ops.sock")
HEARTH = "/run/current-system/sw/bin/hearth"
LINK_SECONDS = 600  # `hearth link` is good for 15 minutes
LOOK_SECONDS = 5
SIGN_IN = re.compile(
    r'^hearth_hub_requests_total\{method="POST",route="(?:/api/v1)?/sign-in[^"]*",'
    r'status="[23]\d\d"\} (?P<count>[0-9.e+]+)$',
    re.MULTILINE,
)


class OverSocket(HTTPConnection):
    """HTTP over a Unix socket."""

    def __init__(self, path: Path) -> None:
        super().__init__("localhost", timeout=10)
        self._path = path

    def connect(self) -> None:
        """Open the socket in place of a TCP connection."""
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(str(self._path))


def signed_in(metrics: str) -> bool:
    """Whether the hub's metrics count a sign-in that succeeded."""
    return any(float(found["count"]) > 0 for found in SIGN_IN.finditer(metrics))


def issue(name: str, url: str, addresses: Iterable[str], code: str) -> str:
    """What the login prompt shows; agetty takes a backslash for its own."""
    numbers = ", ".join(addresses)
    lines = [
        "",
        "Hearth is ready.",
        "",
        f"Sign in as {name}, once, within 15 minutes, with a phone or computer in this network:",
        "",
        f"  {url}",
        *([f"  This box has the address {numbers}."] if numbers else []),
        "",
        code.rstrip("\n"),
        "",
    ]
    return "\n".join(lines).replace("\\", "\\\\") + "\n"


def main() -> int:
    """Show a link and look for the first sign-in; 0 when somebody has signed in."""
    shown = 0.0
    while not DONE.exists():
        try:
            if signed_in(_metrics()):
                DONE.parent.mkdir(parents=True, exist_ok=True)
                DONE.touch()
                break
            if time.monotonic() - shown > LINK_SECONDS or not shown:
                _show()
                shown = time.monotonic()
        except (OSError, ValueError, subprocess.CalledProcessError) as error:
            print(f"not yet: {error}", file=sys.stderr)  # noqa: T201 - the hub may be starting
        time.sleep(LOOK_SECONDS)
    ISSUE.unlink(missing_ok=True)
    _reload()
    return 0


def _metrics() -> str:
    connection = OverSocket(OPS)
    try:
        connection.request("GET", "/metrics")
        return connection.getresponse().read().decode()
    finally:
        connection.close()


def _show() -> None:
    said = json.loads(_output(HEARTH, "link", "--json", "--config", "/etc/hearth/hearth.toml"))
    code = _output("qrencode", "--type", "UTF8", "--margin", "2", said["url"])
    ISSUE.parent.mkdir(parents=True, exist_ok=True)
    # The link signs in: only root and the login prompt may read it.
    ISSUE.touch(mode=0o600)
    ISSUE.write_text(issue(said["name"], said["url"], _addresses(), code))
    _reload()


def _addresses() -> list[str]:
    links = json.loads(_output("ip", "--json", "address", "show", "scope", "global"))
    return [entry["local"] for link in links for entry in link["addr_info"]]


def _reload() -> None:
    if shutil.which("agetty"):
        subprocess.run(["agetty", "--reload"], check=False)


def _output(*command: str) -> str:
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


if __name__ == "__main__":
    sys.exit(main())
