"""`python -m hearth.services.pod`: one pod. All the wiring, nothing else."""

from __future__ import annotations

import argparse
import asyncio
import logging
from collections.abc import Mapping
from datetime import datetime
from functools import partial
from pathlib import Path
from zoneinfo import ZoneInfo

import hearth.services.lean  # noqa: F401 - before anything that imports httpx
from hearth.agent.turn import ToolAgent
from hearth.config import EngineSettings, PodSettings, Settings, load
from hearth.core.api import PodStatus
from hearth.core.errors import HearthError
from hearth.knowledge.index import VectorIndex
from hearth.knowledge.retrieve import HybridRetriever
from hearth.ops import logs
from hearth.ops.health import ops_app
from hearth.ops.serving import give_back_memory, serve
from hearth.pod import engines, grants
from hearth.pod.actions import Actions
from hearth.pod.app import Pod, create_app
from hearth.pod.connected import follow, states
from hearth.pod.inbox import Inbox
from hearth.pod.meter import MeteredEmbedder, MeteredModel
from hearth.pod.runner import TurnRunner
from hearth.pod.talks import Conversations
from hearth.services import tool_folders
from hearth.store.database import Database
from hearth.store.pod.counts import counts
from hearth.store.pod.documents import failures
from hearth.tools.base import Household, ToolDependencies, ToolFolder

log = logging.getLogger(__name__)

# What a member knows each tool folder's data as.
PLACES = {
    "calendar": "calendars",
    "ledger": "payments",
    "documents": "documents",
    "notes": "notes",
}


def main() -> None:
    """The program."""
    parser = argparse.ArgumentParser(prog="hearth-pod")
    parser.add_argument("--pod", required=True)
    parser.add_argument("--config", type=Path, required=True)
    arguments = parser.parse_args()
    logs.setup(f"pod-{arguments.pod}")
    try:
        asyncio.run(_run(load(arguments.config), arguments.pod))
    except HearthError as error:
        raise SystemExit(str(error)) from error


async def _run(settings: Settings, name: str) -> None:
    pod_settings = settings.pods[name]
    client = engines.models(settings, name)
    database = Database(settings.pod_dir(name) / "pod.sqlite3")
    pod, index = _assemble(settings, name, client, database)
    background = [
        asyncio.create_task(pod.inbox.run()),
        asyncio.create_task(follow(_inboxes(settings, name), partial(_sync, pod.inbox))),
    ]

    async def stop() -> None:
        for task in background:
            task.cancel()
        await asyncio.gather(*background, return_exceptions=True)
        await pod.runner.stop()
        await client.close()
        await asyncio.to_thread(index.save)
        database.close()

    program = f"pod-{name}"
    checks = {"database": lambda: _readable(database)}
    notes = {"engine": lambda: engines.note(client)}
    log.info("pod", extra={"pod": name, "tools": pod_settings.tools})
    await serve(
        {"hub": create_app(pod), "ops": ops_app(checks, notes)},
        {caller: settings.socket(program, caller) for caller in ("hub", "ops")},
        ready=pod.runner.resume,
        stopping=stop,
    )


def _assemble(
    settings: Settings, name: str, client: engines.Models, database: Database
) -> tuple[Pod, VectorIndex]:
    pod_settings = settings.pods[name]
    engine: EngineSettings = settings.engines[pod_settings.engine]
    folder = settings.pod_dir(name)
    zone = ZoneInfo(settings.zone)

    def clock() -> datetime:
        return datetime.now(zone)

    embedder = MeteredEmbedder(client)
    index = VectorIndex(database, folder, engine.embedding_model)
    dependencies = ToolDependencies(
        database=database,
        household=Household(zone=settings.zone, currency=settings.currency),
        retriever=HybridRetriever(database, index, embedder),
        clock=clock,
    )
    folders = tool_folders.folders(pod_settings, dependencies)
    inbox = Inbox(
        database,
        pod_settings.sources,
        [importer for part in folders.values() for importer in part.importers],
        embedder,
        index,
        fetched=_inboxes(settings, name),
        uploads=folder / "uploads",
        file_bytes=pod_settings.file_bytes,
        clock=clock,
        after_reading=partial(_rest, database),
        forgotten=client.forget,
    )
    agent = _agent(name, pod_settings, folders, MeteredModel(client), embedder)
    *most, last = (PLACES[tool] for tool in pod_settings.tools)
    places = f"{', '.join(most)} and {last}" if most else last
    runner = TurnRunner(database, agent, places=places, clock=clock)
    pod = Pod(
        name=name,
        grant_key=settings.credential(grants.key_name(name)),
        runner=runner,
        conversations=Conversations(database, runner),
        actions=Actions(
            database, [writer for part in folders.values() for writer in part.writers], clock
        ),
        inbox=inbox,
        openers={
            kind: opener for part in folders.values() for kind, opener in part.openers.items()
        },
        status=partial(
            _status,
            settings,
            name,
            folders=folders,
            database=database,
            inbox=inbox,
            client=client,
        ),
        forgotten=client.forget,
        upload_bytes=pod_settings.file_bytes,
    )
    return pod, index


def _rest(database: Database) -> None:
    """After reading: the connections' caches and what parsers have used go back to the system."""
    database.close()
    give_back_memory()


def _agent(
    name: str,
    settings: PodSettings,
    folders: Mapping[str, ToolFolder],
    model: MeteredModel,
    embedder: MeteredEmbedder,
) -> ToolAgent:
    title = tool_folders.title(name, settings)
    return ToolAgent(
        title=title,
        persona=settings.persona,
        tools=tool_folders.tools(title, folders),
        model=model,
        embedder=embedder,
    )


def _inboxes(settings: Settings, name: str) -> dict[str, Path]:
    """Where each connector of the pod lays down what it fetched."""
    connectors = settings.pods[name].connectors
    return {connector: settings.inbox_dir(name, connector) for connector in connectors}


def _status(
    settings: Settings,
    name: str,
    *,
    folders: Mapping[str, ToolFolder],
    database: Database,
    inbox: Inbox,
    client: engines.Models,
) -> PodStatus:
    with database.read() as session:
        held, failed = counts(session), failures(session)
    pod = settings.pods[name]
    return PodStatus(
        pod=name,
        kind=pod.kind,
        title=tool_folders.title(name, pod),
        tools=tuple(tool.name for part in folders.values() for tool in part.tools),
        documents=held.documents,
        events=held.events,
        transactions=held.transactions,
        notes=held.notes,
        failed=tuple(failed),
        connectors=states(_inboxes(settings, name)),
        syncing=inbox.busy,
        engine=engines.state(client),
    )


async def _sync(inbox: Inbox) -> bool:
    try:
        report = await inbox.sync()
    except HearthError as error:
        log.warning("the sources could not be read: %s", error)
        return False
    log.info("sources", extra={"report": report.model_dump(mode="json")})
    return True


def _readable(database: Database) -> str | None:
    try:
        with database.read() as session:
            counts(session)
    except HearthError as error:
        return str(error)
    return None


if __name__ == "__main__":
    main()
