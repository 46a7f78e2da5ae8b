"""Makes the Debian root once and keeps it: `python -m lab.root` prints where it is."""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from lab.mirror import apt_sites, debian_mirror
from lab.packages import LIST, SUITE, packages, root_key
from lab.places import cache
from lab.said import LabError, give_up, say

# Program to look for, and the package that brings it.
_TOOLS = {
    "mmdebstrap": "mmdebstrap",
    "systemd-nspawn": "systemd-container",
    "/usr/share/keyrings/debian-archive-keyring.gpg": "debian-archive-keyring",
}
# Mount points that every machine and the evaluator need; a read-only root cannot grow them later.
_MOUNT_POINTS = ["lab", "mnt/data", "nix/store", "opt/hearth"]


def missing_tools() -> list[str]:
    """Return the Debian packages that this machine lacks to make and boot a root."""
    return [
        package
        for tool, package in _TOOLS.items()
        if not (Path(tool).exists() if tool.startswith("/") else shutil.which(tool))
    ]


def install_tools() -> None:
    """Bring by apt what is missing, or say what to install."""
    wanted = missing_tools()
    if not wanted:
        return
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        raise LabError(f"Missing here: {', '.join(wanted)}. Install them, as root, with apt-get.")
    say(f"installing {' '.join(wanted)}")
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    install = ["apt-get", "install", "-qq", "--no-install-recommends", *wanted]
    if subprocess.run(install, env=environment, stdout=sys.stderr, check=False).returncode == 0:
        return
    subprocess.run(["apt-get", "update", "-qq"], stdout=sys.stderr, check=True)
    subprocess.run(install, env=environment, stdout=sys.stderr, check=True)


@contextlib.contextmanager
def only_one(lock: Path) -> Iterator[None]:
    """Hold a lock file: who comes second waits."""
    lock.parent.mkdir(parents=True, exist_ok=True)
    with lock.open("w") as held:
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("waiting for another run that makes the root")
            fcntl.flock(held, fcntl.LOCK_EX)
        yield


def root() -> Path:
    """Return the root of this package list; make it where it is not there yet."""
    names = packages(LIST.read_text())
    place = cache() / f"root-{root_key(names)}"
    if place.is_dir():
        return place
    if os.geteuid() != 0:
        raise LabError("Making the Debian root needs root: run this as root or in a container.")
    with only_one(cache() / "root.lock"):
        if not place.is_dir():
            _make(place, names)
    return place


def _make(place: Path, names: list[str]) -> None:
    install_tools()
    mirror = debian_mirror(apt_sites())
    unfinished = place.with_name(place.name + ".unfinished")
    if unfinished.exists():
        shutil.rmtree(unfinished)
    say(f"making a Debian {SUITE} root of {len(names)} packages and what they need (minutes)")
    command = [
        "mmdebstrap",
        "--variant=minbase",
        "--skip=check/empty",
        f"--include={','.join(names)}",
        SUITE,
        str(unfinished),
        mirror,
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        tail = "\n".join(done.stderr.splitlines()[-15:])
        raise LabError(f"mmdebstrap could not make the root:\n{tail}")
    # The mirror is this machine's affair; the root is used without a network.
    for sources in (unfinished / "etc/apt").glob("sources.list*"):
        shutil.rmtree(sources) if sources.is_dir() else sources.unlink()
    for point in _MOUNT_POINTS:
        (unfinished / point).mkdir(parents=True, exist_ok=True)
    unfinished.rename(place)
    say(f"the root is at {place}")


def main() -> None:
    """Print the root's place, the only line on standard output."""
    try:
        print(root())
    except LabError as error:
        give_up(error)


if __name__ == "__main__":
    main()
