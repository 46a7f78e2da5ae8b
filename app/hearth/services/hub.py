"""`python -m hearth.services.hub`: the front door. All the wiring, nothing else."""

from __future__ import annotations

import argparse
import asyncio
import logging
from pathlib import Path

from hearth import web
from hearth.config import Settings, load, telegram_program
from hearth.core.errors import HearthError
from hearth.hub.app import create_app
from hearth.hub.channel_door import ChannelDoor
from hearth.hub.hub import Hub
from hearth.hub.seeds import ensure_members
from hearth.ops import logs
from hearth.ops.health import ops_app
from hearth.ops.serving import ASGI, serve
from hearth.pod import grants
from hearth.pod.client import PodClient
from hearth.store.database import Database
from hearth.store.hub.people import People

log = logging.getLogger(__name__)


def main() -> None:
    """The program."""
    parser = argparse.ArgumentParser(prog="hearth-hub")
    parser.add_argument("--config", type=Path, required=True)
    arguments = parser.parse_args()
    logs.setup("hub")
    try:
        asyncio.run(_run(load(arguments.config)))
    except HearthError as error:
        raise SystemExit(str(error)) from error


async def _run(settings: Settings) -> None:
    keys = {pod: settings.credential(grants.key_name(pod)) for pod in settings.pods}
    database = Database(settings.hub_dir / "hub.sqlite3")
    people = People(database)
    await asyncio.to_thread(ensure_members, settings)
    clients = {
        pod: PodClient(settings.socket(f"pod-{pod}", "hub"), key) for pod, key in keys.items()
    }
    hub = Hub(settings, people, clients)
    app = create_app(hub, web.html_error)
    web.install(app, hub)

    async def stop() -> None:
        for client in clients.values():
            await client.close()
        people.close()

    doors = {telegram_program(pod): ChannelDoor(app, pod) for pod in settings.telegram_pods}
    ops = ops_app({"database": lambda: _readable(people)})
    apps: dict[str, ASGI] = {"web": app, "console": app, "ops": ops, **doors}
    log.info("hub", extra={"pods": ",".join(settings.pods)})
    await serve(
        apps,
        {caller: settings.socket("hub", caller) for caller in apps},
        modes={"console": 0o600},  # whoever may open it is believed to be any member
        stopping=stop,
    )


def _readable(people: People) -> str | None:
    try:
        people.members.owner()
    except HearthError as error:
        return str(error)
    return None


if __name__ == "__main__":
    main()
