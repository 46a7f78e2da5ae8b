"""sd_notify(3): readiness and watchdog, through systemd-python where it is installed."""

from __future__ import annotations

import os
import socket

try:
    from systemd.daemon import notify as _systemd_notify
except ImportError:  # no libsystemd on this machine; the protocol is one datagram
    _systemd_notify = None


def send(state: str) -> None:
    """Tell the service manager `state`, e.g. "READY=1"; without a manager, do nothing."""
    if _systemd_notify is not None:
        _systemd_notify(state)
        return
    address = os.environ.get("NOTIFY_SOCKET")
    if not address:
        return
    if address.startswith("@"):
        address = "\0" + address[1:]
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as channel:
        channel.sendto(state.encode(), address)


def watchdog_interval() -> float:
    """Seconds within which the manager wants WATCHDOG=1; 0 when it does not watch."""
    if os.environ.get("WATCHDOG_PID", str(os.getpid())) != str(os.getpid()):
        return 0.0
    return int(os.environ.get("WATCHDOG_USEC", "0")) / 1_000_000
