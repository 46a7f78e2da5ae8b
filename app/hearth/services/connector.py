"""`python -m hearth.services.connector`: one look elsewhere for one pod, into its inbox."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import hearth.services.lean  # noqa: F401 - before anything that imports httpx
from hearth.config import connector_program, load
from hearth.connectors.looking import look
from hearth.core.errors import HearthError
from hearth.ops import logs


def main() -> int:
    """The program; 0 also when the other side failed, which is on record for the pod to show."""
    parser = argparse.ArgumentParser(prog="hearth-connector")
    parser.add_argument("--pod", required=True)
    parser.add_argument("--name", required=True)
    parser.add_argument("--config", type=Path, required=True)
    arguments = parser.parse_args()
    logs.setup(connector_program(arguments.pod, arguments.name))
    try:
        look(load(arguments.config), arguments.pod, arguments.name)
    except HearthError as error:
        print(error, file=sys.stderr)  # noqa: T201
        return 2
    except Exception as error:  # the edge: its words could repeat the address, so its kind alone
        print(f"something unforeseen: {type(error).__name__}", file=sys.stderr)  # noqa: T201
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
