"""A house for tests: the real hub and two real pods on their sockets, with a scripted agent."""

from __future__ import annotations

import asyncio
import json
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any, ClassVar
from uuid import uuid4

import httpx
from fastapi import FastAPI
from httpx_sse import ServerSentEvent, connect_sse
from scripted_pod import FILE_BYTES, PodParts, scripted_pod
from servers import Running, Served, loopback_socket

from hearth.config import HubSettings, PodSettings, Settings, telegram_program
from hearth.core.people import Right, Role
from hearth.hub import passwords
from hearth.hub.app import create_app
from hearth.hub.channel_door import ChannelDoor
from hearth.hub.hub import Hub
from hearth.ops import serving
from hearth.pod import grants
from hearth.pod.app import create_app as create_pod_app
from hearth.pod.client import PodClient
from hearth.store.database import Database
from hearth.store.hub.people import People
from hearth.store.hub.tables import Base
from hearth.store.migrate import migrate

PASSWORD = "seven green bicycles"  # noqa: S105
ROOMY = HubSettings(turns_per_minute=10_000, sign_ins_per_minute=1_000)
STRICT = HubSettings(
    turns_per_minute=2, sign_ins_per_minute=3, public_url="https://hearth.home.example"
)


class House:
    """The hub on a loopback port and on its console socket, and pods behind it."""

    more: ClassVar[Mapping[str, Any]] = {}  # settings beside the hub and the pods
    PODS: Mapping[str, PodSettings] = {
        "family": PodSettings(kind="family", file_bytes=FILE_BYTES),
        "finance": PodSettings(kind="finance", title="Money", file_bytes=FILE_BYTES),
    }

    def __init__(self, folder: Path, hub: HubSettings = ROOMY) -> None:
        self._key = grants.new_key()
        self._running = ExitStack()
        self._clients_open = ExitStack()
        self._pods_running: dict[str, ExitStack] = {}
        self.settings = Settings(
            state_dir=folder,
            runtime_dir=folder / "run",
            hub=hub,
            pods=dict(self.PODS),
            **self.more,
        )
        database = Database(self.settings.hub_dir / "hub.sqlite3")
        Base.metadata.create_all(database.engine)
        self.people = People(database)
        self.ahead = timedelta()
        sockets = {name: self.settings.socket(f"pod-{name}", "hub") for name in self.settings.pods}
        self._clients = {name: PodClient(path, self._key) for name, path in sockets.items()}
        self.hub = Hub(self.settings, self.people, self._clients, clock=self.clock)
        self.pods = {name: self._new_pod(name, path) for name, path in sockets.items()}
        self.owner = self.add_member("owner", Role.OWNER)

    def clock(self) -> datetime:
        """The hub's time."""
        return datetime.now(UTC) + self.ahead

    @contextmanager
    def later(self, ahead: timedelta) -> Iterator[None]:
        """The hub's clock goes ahead for a while."""
        self.ahead = ahead
        try:
            yield
        finally:
            self.ahead = timedelta()

    def _new_pod(self, name: str, path: Path) -> PodParts:
        folder = self.settings.pod_dir(name)
        migrate(folder / "pod.sqlite3", "pod")
        return PodParts(name=name, path=path, folder=folder)

    def app(self) -> FastAPI:
        """The hub's app; a house with pages makes another one."""
        return create_app(self.hub)

    def start(self) -> None:
        """Bring up the pods and the hub."""
        for name in self.pods:
            self.start_pod(name)
        listener = loopback_socket()
        console = serving.bind_unix(self.settings.socket("hub", "console"), 0o600)
        host, port = listener.getsockname()
        self.address = f"{host}:{port}"
        self.url = f"http://{self.address}"

        channels = {
            pod: serving.bind_unix(self.settings.socket("hub", telegram_program(pod)), 0o600)
            for pod in self.settings.telegram_pods
        }

        def apps() -> Served:
            app = self.app()
            return [
                (serving.Caller(app, "web"), listener),
                (serving.Caller(app, "console"), console),
                *(
                    (serving.Caller(ChannelDoor(app, pod), telegram_program(pod)), channel)
                    for pod, channel in channels.items()
                ),
            ]

        async def closing() -> None:
            for client in self._clients.values():
                await client.close()

        self._running.enter_context(Running(apps, closing))

    def start_pod(self, name: str) -> None:
        """Bring up one pod; what it left unfinished goes on."""
        parts = self.pods[name]
        listener = serving.bind_unix(parts.path)
        database = Database(parts.folder / "pod.sqlite3")
        pod = scripted_pod(parts, database, self._key)

        def apps() -> Served:
            self._resuming = asyncio.get_running_loop().create_task(pod.runner.resume())
            return [(create_pod_app(pod), listener)]

        async def closing() -> None:
            await pod.runner.stop()
            database.close()

        self._pods_running[name] = ExitStack()
        self._pods_running[name].enter_context(Running(apps, closing))

    def stop_pod(self, name: str) -> None:
        """End a pod as it stands."""
        self._pods_running.pop(name).close()

    def stop(self) -> None:
        """End everything."""
        self._clients_open.close()
        self._running.close()
        for name in list(self._pods_running):
            self.stop_pod(name)
        self.people.close()

    def add_member(
        self,
        login: str | None = None,
        role: Role = Role.ADULT,
        grants: Mapping[str, frozenset[Right]] | None = None,
    ) -> str:
        """A new member with the common password; the login."""
        login = login or f"member-{uuid4().hex[:12]}"
        self.people.members.add(
            login=login,
            name=login.capitalize(),
            role=role,
            grants=grants or {},
            password=_hashed(),
            created=self.clock(),
        )
        return login

    def member_id(self, login: str) -> str:
        """The id of the member with this login."""
        record = self.people.members.find(login)
        assert record is not None
        return record.member.id

    def client(self, **options: Any) -> httpx.Client:
        """Someone who has not signed in."""
        return self._clients_open.enter_context(
            httpx.Client(base_url=self.url, timeout=30, **options)
        )

    def browser(self, login: str) -> httpx.Client:
        """A member's browser, signed in, on Hearth's own page."""
        client = self.client(headers={"Sec-Fetch-Site": "same-origin"})
        link = asyncio.run(self.hub.new_sign_in_link(self.member_id(login)))
        secret = link.url.rpartition("/")[2]
        answer = client.post("/api/v1/sign-in/link", json={"secret": secret})
        assert answer.status_code == 200, answer.text
        return client

    def console(self, login: str | None = None) -> httpx.Client:
        """The box's own console."""
        transport = httpx.HTTPTransport(uds=str(self.settings.socket("hub", "console")))
        headers = {"X-Hearth-Member": login} if login else {}
        return self._clients_open.enter_context(
            httpx.Client(base_url="http://hub", timeout=30, transport=transport, headers=headers)
        )

    def program(self, login: str, pods: list[str], rights: list[Right]) -> httpx.Client:
        """A program that holds a member's token."""
        body = {"name": "test", "pods": pods, "rights": rights, "days": 1}
        secret = self.console(login).post("/api/v1/tokens", json=body).json()["secret"]
        return self.client(headers={"Authorization": f"Bearer {secret}"})

    def ask(
        self, client: httpx.Client, text: str, pod: str = "family", **more: Any
    ) -> dict[str, str]:
        """The id of an accepted question's turn, and of its conversation."""
        body = {"id": uuid4().hex, "text": text, **more}
        answer = client.post(f"/api/v1/pods/{pod}/turns", json=body)
        assert answer.status_code == 202, answer.text
        accepted: dict[str, str] = answer.json()
        return accepted

    def follow(
        self, client: httpx.Client, turn: str, pod: str = "family", **request: Any
    ) -> list[ServerSentEvent]:
        """A turn's events until the stream ends."""
        path = f"/api/v1/pods/{pod}/turns/{turn}/events"
        with connect_sse(client, "GET", path, **request) as source:
            source.response.raise_for_status()
            return list(source.iter_sse())

    def answer(
        self, client: httpx.Client, text: str, pod: str = "family", **more: Any
    ) -> dict[str, Any]:
        """The pod's message to a question."""
        accepted = self.ask(client, text, pod, **more)
        done = json.loads(self.follow(client, accepted["turn"], pod)[-1].data)
        message: dict[str, Any] = done["message"]
        return {**message, "conversation": accepted["conversation"]}


@cache
def _hashed() -> str:
    return asyncio.run(passwords.hashed(PASSWORD))


@contextmanager
def running_house(hub: HubSettings, make: type[House] = House) -> Iterator[House]:
    """A house from its start to its end, in a folder of its own."""
    folder = Path(tempfile.mkdtemp(prefix="hearth-"))  # short: sockets lie in it
    house = make(folder, hub)
    try:
        house.start()
        yield house
    finally:
        house.stop()
        shutil.rmtree(folder)
