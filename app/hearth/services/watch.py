"""`python -m hearth.services.watch`: tells the house what the box's monitoring says."""

from __future__ import annotations

import argparse
import signal
from pathlib import Path
from threading import Event

from hearth.config import load
from hearth.core.errors import BadConfiguration, HearthError
from hearth.ops import logs
from hearth.ops.watch import Watch


def main() -> None:
    """The program."""
    parser = argparse.ArgumentParser(prog="hearth-watch")
    parser.add_argument("--config", type=Path, required=True)
    arguments = parser.parse_args()
    logs.setup("watch")
    try:
        settings = load(arguments.config)
        if settings.monitoring.prometheus is None:
            raise BadConfiguration(
                "there is no Prometheus to ask",
                where="monitoring.prometheus",
                remedy="Set its loopback address, or do not start this program.",
            )
    except HearthError as error:
        raise SystemExit(str(error)) from error
    stop = Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    Watch(settings.monitoring, settings.watch_dir).run(stop)


if __name__ == "__main__":
    main()
