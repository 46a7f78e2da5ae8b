"""Which Debian mirror this machine uses, as apt itself is configured."""

from __future__ import annotations

import subprocess

from lab.said import LabError


def apt_sites() -> str:
    """Return apt's sources, one "URL<tab>COMPONENT" a line."""
    done = subprocess.run(
        ["apt-get", "indextargets", "--format", "$(REPO_URI)\t$(ORIGIN)\t$(COMPONENT)"],
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout


def debian_mirror(sites: str) -> str:
    """Return the first archive of Debian's own main component, its security archive excepted."""
    for line in sites.splitlines():
        url, origin, component = [*line.split("\t"), "", ""][:3]
        path = url.rstrip("/")
        if origin in {"Debian", ""} and component == "main" and not path.endswith("-security"):
            return path
    raise LabError(
        "apt names no Debian archive on this machine. "
        "Add one to /etc/apt/sources.list.d and run apt-get update."
    )
