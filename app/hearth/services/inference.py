"""hearth-inference: one engine's models, one socket for each pod that uses it."""

from __future__ import annotations

import argparse
import asyncio
import json
import logging
import sys
from functools import partial
from pathlib import Path

from fastapi import FastAPI
from prometheus_client import REGISTRY

from hearth.config import engine_program, load
from hearth.core.errors import BadConfiguration, HearthError
from hearth.inference.server.app import create_app
from hearth.inference.server.template import ChatTemplate
from hearth.inference.workers.collector import FleetCollector
from hearth.inference.workers.fleet import Fleet
from hearth.ops import logs
from hearth.ops.health import ops_app
from hearth.ops.serving import ASGI, serve
from hearth.services.offers import offers

_log = logging.getLogger("hearth.inference")
_MODEL = [sys.executable, "-m", "hearth.services.model"]
_INSTRUCTIONS = [sys.executable, "-m", "hearth.services.instructions"]


def main() -> None:
    """Parse the command line and serve until told to stop."""
    parser = argparse.ArgumentParser(prog="hearth-inference")
    parser.add_argument("--engine", default="default")
    parser.add_argument("--config", type=Path, required=True)
    arguments = parser.parse_args()
    logs.setup("hearth-inference")
    try:
        asyncio.run(_run(arguments.config, arguments.engine))
    except HearthError as error:
        sys.exit(f"hearth-inference: {error}")


async def _run(config: Path, name: str) -> None:
    settings = load(config)
    if name not in settings.engines:
        raise BadConfiguration(f"there is no engine {name!r}", where="engines")
    engine = settings.engines[name]
    fleet = Fleet(
        await asyncio.to_thread(offers, settings, name),
        _MODEL,
        budget=engine.memory,
        head=lambda info, text: ChatTemplate(info).head(text),
    )
    await fleet.start()
    REGISTRY.register(FleetCollector(fleet))
    tasks = [asyncio.create_task(fleet.tend())]
    if engine.share_instructions:
        tasks.append(asyncio.create_task(_share(fleet, config, name)))
    else:
        fleet.share(())

    async def stop() -> None:
        for task in tasks:
            task.cancel()
        await fleet.close()

    callers = settings.callers(name)
    await serve(
        _apps(create_app(fleet), callers, fleet),
        {caller: settings.socket(engine_program(name), caller) for caller in [*callers, "ops"]},
        stopping=stop,
        healthy=fleet.healthy,
    )


async def _share(fleet: Fleet, config: Path, engine: str) -> None:
    """Let the models compute what the pods begin every prompt with; it costs only time if not."""
    command = [*_INSTRUCTIONS, "--engine", engine, "--config", str(config)]
    process = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)
    written, _ = await process.communicate()
    if process.returncode:
        _log.warning("the pods' instructions are not shared", extra={"status": process.returncode})
    else:
        fleet.share(json.loads(written))


def _apps(app: FastAPI, callers: list[str], fleet: Fleet) -> dict[str, ASGI]:
    apps: dict[str, ASGI] = dict.fromkeys(callers, app)
    return apps | {"ops": ops_app({name: partial(fleet.fault, name) for name in fleet.staying})}


if __name__ == "__main__":
    main()
