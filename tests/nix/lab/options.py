"""`make options` without a Nix of one's own: the options' data, evaluated in the root."""

from __future__ import annotations

import json
import sys

from lab.nix import nix
from lab.nixpkgs import from_environment
from lab.said import LabError, give_up


def main() -> int:
    """Print every option of services.hearth as JSON (see pkgs/options.nix)."""
    tool = nix(from_environment())
    json.dump(tool.evaluate(tool.expression("evaluate/options.nix")), sys.stdout)
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except LabError as error:
        give_up(error)
