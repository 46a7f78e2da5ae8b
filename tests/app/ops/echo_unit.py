"""A unit's program for the supervisor's tests: answers with the caller's name and its own pid."""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path
from typing import Any

from hearth.ops.serving import Scope, serve


async def app(scope: Scope, _receive: Any, send: Any) -> None:
    """Answer "CALLER PID"."""
    body = f"{scope['caller']} {os.getpid()}".encode()
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": body})


async def main(name: str, journal: Path, callers: list[str]) -> None:
    """Serve every caller; write the program's end into the journal."""

    async def stopping() -> None:
        with journal.open("a") as lines:
            lines.write(f"{name}\n")

    await serve(dict.fromkeys(callers, app), {}, stopping=stopping)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], Path(sys.argv[2]), sys.argv[3:]))
