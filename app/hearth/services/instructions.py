"""`python -m hearth.services.instructions`: the standing instructions of an engine's pods, as JSON.

They come from the configuration alone and hold nothing of any member, so the model server may
compute them once for everybody. A process of its own, because the tools that they describe bring
code that the model server does not need.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path

import hearth.services.lean  # noqa: F401 - before anything that imports httpx
from hearth.agent import prompt
from hearth.config import Settings, load
from hearth.core.ports import Passage
from hearth.services import tool_folders
from hearth.store.database import Database
from hearth.tools.base import Household, ToolDependencies


def main() -> None:
    """Print a list of texts, one for each different pod."""
    parser = argparse.ArgumentParser(prog="hearth-instructions")
    parser.add_argument("--engine", required=True)
    parser.add_argument("--config", type=Path, required=True)
    arguments = parser.parse_args()
    json.dump(of_engine(load(arguments.config), arguments.engine), sys.stdout)


def of_engine(settings: Settings, engine: str) -> list[str]:
    """The system messages that the engine's pods begin every prompt with."""
    with tempfile.TemporaryDirectory() as folder:
        dependencies = ToolDependencies(
            database=Database(Path(folder) / "none.sqlite3"),  # never opened
            household=Household(zone=settings.zone, currency=settings.currency),
            retriever=_NoDocuments(),
            clock=lambda: datetime.now(UTC),
        )
        texts = []
        for name, pod in settings.pods.items():
            if pod.engine == engine:
                title = tool_folders.title(name, pod)
                tools = tool_folders.tools(title, tool_folders.folders(pod, dependencies))
                texts.append(prompt.system(title, pod.persona, tools).content)
    return list(dict.fromkeys(texts))


class _NoDocuments:
    """Tools are only described here, never run."""

    async def search(self, _query: str, *, limit: int = 5) -> list[Passage]:
        """See Retriever."""
        return []


if __name__ == "__main__":
    main()
