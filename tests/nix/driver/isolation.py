"""What keeps a run away from the machine it runs on: all of it ends with the driver."""

from __future__ import annotations

import ctypes
import os
import subprocess

_NEW_MOUNTS = 0x20000
_NEW_NETWORK = 0x40000000
_DROP_FROM_BOUNDING_SET = 24

# From linux/capability.h. Nothing started here may touch the host's kernel; nsenter does not
# inherit a container's bounding set, so the driver itself gives these up first.
FORBIDDEN = {
    "CAP_SYS_MODULE": 16,
    "CAP_SYS_RAWIO": 17,
    "CAP_SYS_TIME": 25,
    "CAP_MAC_OVERRIDE": 32,
    "CAP_MAC_ADMIN": 33,
    "CAP_SYSLOG": 34,
    "CAP_WAKE_ALARM": 35,
    "CAP_BLOCK_SUSPEND": 36,
}


def run(*command: str) -> None:
    """Run a program that must succeed."""
    subprocess.run(command, check=True)


def _call(name: str, *arguments: int) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    if getattr(libc, name)(*arguments) != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{name}: {os.strerror(number)}")


def leave_the_host() -> None:
    """Give up capabilities, then enter network and mount namespaces of the run's own."""
    for capability in FORBIDDEN.values():
        _call("prctl", _DROP_FROM_BOUNDING_SET, capability, 0, 0, 0)
    _call("unshare", _NEW_NETWORK | _NEW_MOUNTS)
    run("mount", "--make-rprivate", "/")
    run("ip", "link", "set", "lo", "up")


def bridge(vlan: int) -> str:
    """Return the name of a network's bridge."""
    return f"vbr{vlan}"


def make_bridge(vlan: int) -> None:
    """Make the bridge that joins the machines of a network; it has no way out."""
    run("ip", "link", "add", bridge(vlan), "type", "bridge")
    run("ip", "link", "set", bridge(vlan), "up")
