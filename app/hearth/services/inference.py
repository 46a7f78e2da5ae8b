"""hearth-inference: one engine's models, one socket for each pod that uses it."""

from __future__ import annotations

import argparse
import asyncio
import logging
import sys
from pathlib import Path

from fastapi import FastAPI

from hearth.config import EngineSettings, Settings, engine_program, load
from hearth.core.errors import BadConfiguration, HearthError, Unavailable
from hearth.inference.engine.embedding import SentenceEmbedder
from hearth.inference.engine.loop import Engine
from hearth.inference.models.library import Library
from hearth.inference.models.verified import verified
from hearth.inference.server.app import create_app
from hearth.inference.server.models import Fixed
from hearth.ops import logs
from hearth.ops.health import ops_app
from hearth.ops.serving import ASGI, serve

_log = logging.getLogger("hearth.inference")


def main() -> None:
    """Parse the command line and serve until told to stop."""
    parser = argparse.ArgumentParser(prog="hearth-inference")
    parser.add_argument("--engine", default="default")
    parser.add_argument("--config", type=Path, required=True)
    arguments = parser.parse_args()
    logs.setup("hearth-inference")
    try:
        asyncio.run(_run(load(arguments.config), arguments.engine))
    except HearthError as error:
        sys.exit(f"hearth-inference: {error}")


async def _run(settings: Settings, name: str) -> None:
    if name not in settings.engines:
        raise BadConfiguration(f"there is no engine {name!r}", where="engines")
    chosen = settings.engines[name]
    engine, embedder = await asyncio.to_thread(_load, settings, chosen)
    app = create_app(Fixed(engine, {chosen.embedding_model: embedder}, {}))
    loading = asyncio.create_task(_warm(embedder))

    async def stop() -> None:
        await loading
        embedder.close()
        await asyncio.to_thread(engine.close)

    callers = settings.callers(name)
    await serve(
        _apps(app, callers, engine, embedder),
        {caller: settings.socket(engine_program(name), caller) for caller in [*callers, "ops"]},
        stopping=stop,
        healthy=engine.healthy,
    )


def _load(settings: Settings, chosen: EngineSettings) -> tuple[Engine, SentenceEmbedder]:
    library = Library(settings.models)
    memory = settings.state_dir / "inference" / "verified.json"
    chat = verified(library, chosen.chat_model, memory)
    embedding = verified(library, chosen.embedding_model, memory)
    engine = Engine(
        chat,
        name=chosen.chat_model,
        context=chosen.context,
        parallel=chosen.parallel,
        waiting=chosen.queue,
        threads=chosen.threads,
        gpu_layers=chosen.gpu_layers,
        tensor_split=chosen.tensor_split,
    )
    return engine, SentenceEmbedder(embedding, threads=chosen.threads)


async def _warm(embedder: SentenceEmbedder) -> None:
    """Load the embedding model while nobody waits for it yet."""
    try:
        await embedder.load()
    except Unavailable as error:  # chat works without it, and /healthz says so
        _log.error("embedding", extra={"fault": str(error)})


def _apps(
    app: FastAPI, callers: list[str], engine: Engine, embedder: SentenceEmbedder
) -> dict[str, ASGI]:
    def stuck() -> str | None:
        return None if engine.healthy() else "the engine has stopped or is stuck"

    apps: dict[str, ASGI] = dict.fromkeys(callers, app)
    return apps | {"ops": ops_app({"engine": stuck, "embedding": lambda: embedder.fault})}


if __name__ == "__main__":
    main()
