"""Becomes a unit's program with its sockets in place, as systemd would start it (sd_listen_fds(3)).

Run as a script without the site packages, because every start of a unit passes through here:
`exec_unit.py SUPERVISOR_PID NAME:NAME DESCRIPTOR,DESCRIPTOR COMMAND...`
"""

from __future__ import annotations

import ctypes
import fcntl
import os
import signal
import sys

_PR_SET_PDEATHSIG = 1
_FIRST = 3
_ABOVE = 1_000  # where descriptors wait while the low ones are dealt out


def main(arguments: list[str]) -> None:
    """Die with the supervisor, hand over the sockets, and become the command."""
    supervisor, names, descriptors, *command = arguments
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
    if os.getppid() != int(supervisor):  # it died before the signal was armed
        sys.exit(1)
    _deal([int(number) for number in descriptors.split(",") if number])
    os.environ["LISTEN_PID"] = str(os.getpid())
    os.environ["LISTEN_FDS"] = str(descriptors.count(",") + bool(descriptors))
    os.environ["LISTEN_FDNAMES"] = names
    os.execvp(command[0], command)  # noqa: S606 - the supervisor's own command, no shell


def _deal(descriptors: list[int]) -> None:
    waiting = [fcntl.fcntl(number, fcntl.F_DUPFD, _ABOVE) for number in descriptors]
    for target, number in enumerate(waiting, start=_FIRST):
        os.dup2(number, target, inheritable=True)
        os.close(number)


if __name__ == "__main__":
    main(sys.argv[1:])
