"""Drop-ins for one start of a machine, carried on the kernel's command line."""

from __future__ import annotations

import base64
from collections.abc import Mapping


def carried(dropins: Mapping[str, str]) -> str:
    """Return the words that give units (name: drop-in text) what is not on the disk.

    Format: systemd.system-credentials(7), `systemd.unit-dropin.UNIT`.
    """
    return " ".join(
        f"systemd.set_credential_binary=systemd.unit-dropin.{unit}:"
        + base64.b64encode(text.encode()).decode()
        for unit, text in dropins.items()
    )


def instead(command: str, also: str = "") -> str:
    """Return a drop-in that starts another program in a unit's place; its walls stay."""
    return f"[Service]\nExecStart=\nExecStart={command}\n{also}"


# A unit that is asked for, counts as there, and starts nothing.
SKIPPED = "[Unit]\nConditionPathExists=/left/out\n"


def masked(*units: str) -> str:
    """Return the words that take units out of a start."""
    return " ".join(f"systemd.mask={unit}" for unit in units)
