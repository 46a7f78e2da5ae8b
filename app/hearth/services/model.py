"""`python -m hearth.services.model SOCKET`: one model's process, started by hearth-inference."""

from __future__ import annotations

import sys

from hearth.inference.engine.worker import serve
from hearth.ops import logs


def main() -> None:
    """Serve on the inherited socket until the other end is closed."""
    logs.setup("hearth-inference")
    serve(int(sys.argv[1]))


if __name__ == "__main__":
    main()
