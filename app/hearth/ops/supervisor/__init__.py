"""A small service manager: on a developer's machine it stands where systemd does on the box."""

from hearth.ops.supervisor.supervisor import Supervisor
from hearth.ops.supervisor.unit import Reporter, Unit, units

__all__ = ["Reporter", "Supervisor", "Unit", "units"]
