"""Stands where a pod's program stands, inside the pod's walls: idle, or greedy once.

`tenant.py MARK idle|memory|tasks AMOUNT`: memory in mebibytes, tasks in processes. Once the file
MARK is there it is never greedy again, as a program that lives on after one bad request.
"""

from __future__ import annotations

import mmap
import os
import signal
import socket
import sys
import time

_PAGE = 4096
_NOTIFY_SECONDS = 5


def notify(word: str) -> None:
    """Tell systemd, as the pod's own program does."""
    place = os.environ["NOTIFY_SOCKET"].replace("@", "\0", 1)
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as end:
        end.sendto(word.encode(), place)


def say(words: str) -> None:
    """Write a line into the journal."""
    sys.stdout.write(f"{words}\n")
    sys.stdout.flush()


def take_memory(mebibytes: int) -> None:
    """Take memory and write into each page of it."""
    taken = []
    for _ in range(mebibytes):
        piece = mmap.mmap(-1, 1 << 20)
        piece[::_PAGE] = bytes([1]) * (len(piece) // _PAGE)
        taken.append(piece)
    say(f"greed: took {len(taken)} MiB and lives")


def take_tasks(number: int) -> None:
    """Fork until it is refused, and hold what there is for a while."""
    children = []
    refusal = "nobody refused"
    try:
        for _ in range(number):
            child = os.fork()
            if child == 0:
                signal.pause()
            children.append(child)
    except BlockingIOError as error:
        refusal = f"EAGAIN: {error.strerror}"
    say(f"greed: {len(children)} processes, {refusal}")
    while not os.path.exists(f"{sys.argv[1]}.enough"):  # noqa: PTH110 (pathlib is slow to load)
        time.sleep(0.2)
    for child in children:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)


def main() -> None:
    """Be greedy where that is asked for, then be well."""
    mark, kind, amount = sys.argv[1], sys.argv[2], int(sys.argv[3])
    if kind != "idle" and not os.path.exists(mark):  # noqa: PTH110
        with open(mark, "x"):  # noqa: PTH123
            pass
        {"memory": take_memory, "tasks": take_tasks}[kind](amount)
    notify("READY=1")
    while True:
        notify("WATCHDOG=1")
        time.sleep(_NOTIFY_SECONDS)


if __name__ == "__main__":
    main()
