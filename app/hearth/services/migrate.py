"""`python -m hearth.services.migrate`: brings every database to this version's schema.

Runs before the other programs start; with `--hub` or `--pod NAME` for one database alone.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from hearth.config import Settings, load
from hearth.core.errors import HearthError
from hearth.store.migrate import migrate
from hearth.store.revisions import Schema


def main() -> int:
    """The program; its exit status."""
    parser = argparse.ArgumentParser(prog="hearth-migrate")
    parser.add_argument("--config", type=Path, required=True)
    which = parser.add_mutually_exclusive_group()
    which.add_argument("--hub", action="store_true")
    which.add_argument("--pod")
    arguments = parser.parse_args()
    try:
        settings = load(arguments.config)
        for path, schema in _databases(settings, hub=arguments.hub, pod=arguments.pod):
            if revision := migrate(path, schema):
                print(f"{path.name}: now at {revision}")  # noqa: T201
    except HearthError as error:
        print(error, file=sys.stderr)  # noqa: T201
        return 2
    return 0


def _databases(settings: Settings, *, hub: bool, pod: str | None) -> list[tuple[Path, Schema]]:
    every: list[tuple[Path, Schema]] = []
    if pod is None:
        every.append((settings.hub_dir / "hub.sqlite3", "hub"))
    if not hub:
        pods = [pod] if pod else list(settings.pods)
        every += [(settings.pod_dir(name) / "pod.sqlite3", "pod") for name in pods]
    return every


if __name__ == "__main__":
    sys.exit(main())
