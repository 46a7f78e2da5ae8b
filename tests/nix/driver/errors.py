"""How a script fails."""

from __future__ import annotations


class MachineError(Exception):
    """A machine did not do what the script wants of it."""


class NotHere(MachineError):
    """Only a virtual machine can do this: a script asks `systemd-detect-virt --container` first."""
