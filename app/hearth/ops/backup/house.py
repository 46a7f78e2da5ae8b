"""A house on scratch state: restored pods with sockets and keys of their own."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from hearth.config import DRILL, Settings, engine_program, load
from hearth.core.errors import Damaged
from hearth.ops.supervisor import Supervisor, units


class Quiet:
    """Hears of the units and says nothing."""

    def ready(self, unit: str, seconds: float) -> None:
        """`unit` answers."""

    def ended(self, unit: str, reason: str, retry_in: float) -> None:
        """`unit` ended; its log says more."""


def written(settings: Settings, folder: Path) -> Path:
    """A configuration for the same pods in `folder`, without their sources."""
    path = folder / "hearth.toml"
    path.write_text("\n".join(_lines(settings, folder)) + "\n", "utf-8")
    return path


def migrate(configuration: Path, pod: str) -> None:
    """Bring a restored database to this version's schema, as before any start."""
    command = [sys.executable, "-m", "hearth.services.migrate", "--pod", pod]
    done = subprocess.run(
        [*command, "--config", str(configuration)], capture_output=True, text=True, check=False
    )
    if done.returncode:
        said = done.stderr.strip().splitlines() or ["it did not say why"]
        raise Damaged(f"the restored database of {pod} cannot be brought up to date: {said[-1]}")


@asynccontextmanager
async def running(configuration: Path) -> AsyncIterator[Settings]:
    """The pods of that configuration as real processes, until the block is left."""
    settings = load(configuration)
    pods = [unit for unit in units(settings, configuration) if unit.name.startswith("pod-")]
    async with Supervisor(settings, pods, Quiet()).running():
        yield settings


def _lines(settings: Settings, folder: Path) -> Iterator[str]:
    yield _pair("state_dir", str(folder / "state"))
    yield _pair("zone", settings.zone)
    yield _pair("currency", settings.currency)
    for name, engine in settings.engines.items():
        yield f"[engines.{name}]"
        yield _pair("chat_model", engine.chat_model)
        yield _pair("embedding_model", engine.embedding_model)
        yield _pair("url", engine.url or f"unix://{settings.socket(engine_program(name), DRILL)}")
        if engine.external_model is not None:
            yield _pair("external_model", engine.external_model)
    for name, pod in settings.pods.items():
        yield f"[pods.{name}]"
        yield _pair("engine", pod.engine)
        yield _pair("tools", list(pod.tools))


def _pair(key: str, value: Any) -> str:
    return f"{key} = {json.dumps(value)}"  # a JSON string or list of them is TOML as well
