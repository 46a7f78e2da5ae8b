"""A day's use in a network of its own whose only way out is counted. Run inside `unshare --net`.

Prints one JSON object: the packets that left while the house ran, and those that a look-up made on
purpose afterwards (a count that stays at nothing whatever happens would prove nothing).
"""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import time
from pathlib import Path

from running import RunningHouse

OUTWARD = "out0"
SECONDS = 45  # some libraries look outward only after tens of seconds


def main() -> None:
    """Start, ask, wait, count."""
    folder, models = map(Path, sys.argv[1:])
    lay_the_way_out(folder)
    before = packets()
    house = RunningHouse(folder, models, chat_model="smollm2-135m-instruct")
    with house.started():
        started = time.monotonic()
        house.ask("family", "What is on tomorrow?")
        house.ask("finance", "How much did we spend on groceries last month?")
        house.ask("study", "What do mitochondria do?")
        time.sleep(max(0.0, SECONDS - (time.monotonic() - started)))
    left = packets() - before
    on_purpose()
    print(json.dumps({"left": left, "on_purpose": packets() - before - left}))


def lay_the_way_out(folder: Path) -> None:
    """A default route and a name server that lead to a cable with nobody at its end."""
    Path("/proc/sys/net/ipv6/conf/default/disable_ipv6").write_text("1")
    for command in (
        "ip link set lo up",
        f"ip link add {OUTWARD} type veth peer name end0",
        f"ip address add 192.0.2.2/24 dev {OUTWARD}",
        "ip link set end0 up",
        f"ip link set {OUTWARD} up",
        f"ip neighbour add 192.0.2.1 lladdr 02:00:00:00:00:01 dev {OUTWARD}",
        "ip route add default via 192.0.2.1",
    ):
        subprocess.run(command.split(), check=True)
    names = folder / "resolv.conf"
    names.write_text("nameserver 192.0.2.1\n")
    subprocess.run(["mount", "--bind", str(names), "/etc/resolv.conf"], check=True)


def packets() -> int:
    """The packets that have left this network."""
    return int(Path(f"/sys/class/net/{OUTWARD}/statistics/tx_packets").read_text())


def on_purpose() -> None:
    """Send one datagram to an address that is nobody's (RFC 5737)."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as out:
        out.sendto(b"?", ("198.51.100.1", 53))


if __name__ == "__main__":
    main()
