"""Looks at everything that has to be right, and says what to do where it is not."""

from __future__ import annotations

import asyncio
import json
import shutil
import socket
import stat
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException
from pathlib import Path

from hearth.config import Settings
from hearth.connectors.folder import record
from hearth.core.errors import HearthError
from hearth.inference.client import InferenceClient
from hearth.inference.models.library import Library
from hearth.knowledge.index import VectorIndex
from hearth.ops.box import BOX_RUNTIME, Trouble, look
from hearth.ops.supervisor import Unit, units
from hearth.store import integrity
from hearth.store.database import Database

_ANSWER_SECONDS = 5.0
_FREE_BYTES = 1_000_000_000
_NOTED = "Its own line here says what is wrong with the one that is away."


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at; one that is right and has a remedy could still be better."""

    what: str
    ok: bool
    detail: str
    remedy: str = ""


def examine(settings: Settings, configuration: Path) -> Iterator[Finding]:
    """Every finding, one after the other: programs, models, databases, disk, keys, alerts."""
    yield Finding("configuration", True, str(configuration))
    for unit in units(settings, configuration):
        yield program(unit, settings)
    yield from _elsewhere(settings)
    library = Library(settings.models)
    for name in models(settings):
        yield _model(library, name)
    for name, path in databases(settings).items():
        yield _database(name, path)
    for pod in settings.pods:
        yield _index(settings, pod)
    yield from map(_folder, _folders(settings))
    yield from _connectors(settings)
    yield _disk(settings.state_dir)
    yield _keys(settings.keys_dir)
    yield from map(_trouble, look(settings).troubles)


def models(settings: Settings) -> list[str]:
    """The models that this configuration needs on this machine."""
    engines = [engine for engine in settings.engines.values() if engine.url is None]
    chosen = [(engine.chat_model, engine.embedding_model) for engine in engines]
    return sorted({name for pair in chosen for name in pair})


def databases(settings: Settings) -> dict[str, Path]:
    """Every database by the name of what it serves."""
    pods = {f"pod-{pod}": settings.pod_dir(pod) / "pod.sqlite3" for pod in settings.pods}
    return {"hub": settings.hub_dir / "hub.sqlite3", **pods}


def program(unit: Unit, settings: Settings) -> Finding:
    """Whether a program answers, and what it says of itself."""
    what = f"program {unit.name}"
    start, look = _remedies(unit, settings)
    try:
        status, wrong, noted = _healthz(unit.sockets["ops"])
    except FileNotFoundError:
        return Finding(what, False, "is not running", start)
    except (OSError, HTTPException) as error:
        return Finding(what, False, f"does not answer: {error}", look)
    if status != 200:
        return Finding(what, False, wrong or "says nothing", look)
    return Finding(what, True, noted or "answers", _NOTED if noted else "")


def _remedies(unit: Unit, settings: Settings) -> tuple[str, str]:
    """How a program is started, and where it says what is wrong; systemd does both on a box."""
    if settings.runtime == BOX_RUNTIME:
        service = f"hearth-{unit.name}"
        return f"systemctl start {service}", f"journalctl -u {service} -e"
    log = settings.state_dir / "logs" / f"{unit.name}.log"
    return "Start the house with `hearth up`.", f"Look into {log}."


class _UnixConnection(HTTPConnection):
    """HTTP over a Unix socket."""

    def __init__(self, path: Path) -> None:
        super().__init__("localhost", timeout=_ANSWER_SECONDS)
        self._path = path

    def connect(self) -> None:
        """Open the socket."""
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(_ANSWER_SECONDS)
        self.sock.connect(str(self._path))


def _healthz(path: Path) -> tuple[int, str, str]:
    connection = _UnixConnection(path)
    try:
        connection.request("GET", "/healthz")
        response = connection.getresponse()
        return response.status, *_words(response.read(4_096))
    finally:
        connection.close()


def _words(body: bytes) -> tuple[str, str]:
    """What a health page says is wrong, and what it notes (hearth.ops.health)."""
    try:
        said = json.loads(body)
        parts = [said["wrong"], said.get("noted", {})]
    except (ValueError, KeyError, TypeError):
        return body.decode(errors="replace").strip(), ""
    wrong, noted = ("; ".join(f"{part}: {text}" for part, text in each.items()) for each in parts)
    return wrong, noted


def _elsewhere(settings: Settings) -> Iterator[Finding]:
    """The engines at an address of their own, which are no program of this house."""
    asked = {name for pod in settings.pods for name in settings.engines_of(pod)}
    for name in sorted(asked):
        if (url := settings.engines[name].url) is not None:
            answers = asyncio.run(_answers(url))
            yield Finding(
                f"engine {name}",
                answers,
                f"{url} {'answers' if answers else 'does not answer'}",
                "" if answers else f"Start what serves it, or correct engines.{name}.url.",
            )


async def _answers(url: str) -> bool:
    client = InferenceClient.at_url(url, chat_model="", embedding_model="")
    try:
        return await client.answers()
    finally:
        await client.close()


def _model(library: Library, name: str) -> Finding:
    return _tried(f"model {name}", lambda: f"verified: {library.verify(name)}")


def _tried(what: str, look: Callable[[], str]) -> Finding:
    try:
        return Finding(what, True, look())
    except HearthError as error:
        place = f"{error.where}: " if error.where else ""
        return Finding(what, False, f"{place}{error.message}", error.remedy or "")


def _database(name: str, path: Path) -> Finding:
    what = f"database {name}"
    try:
        fault = integrity.fault(path)
    except FileNotFoundError:
        return Finding(what, False, f"{path} is missing", "`hearth up` makes it.")
    if fault is None:
        return Finding(what, True, f"{path.stat().st_size:,} bytes, whole")
    remedy = f"Stop Hearth and put back a copy; {path.parent} keeps one from before each migration."
    return Finding(what, False, f"{path}: {fault}", remedy)


def _index(settings: Settings, pod: str) -> Finding:
    what, folder = f"index pod-{pod}", settings.pod_dir(pod)
    if not (folder / "pod.sqlite3").exists():
        return Finding(what, True, "there is nothing to find yet")
    model = settings.engines[settings.pods[pod].engine].embedding_model
    database = Database(folder / "pod.sqlite3")
    try:
        fault = VectorIndex(database, folder, model).fault()
    finally:
        database.close()
    # The index is a cache: a pod makes it anew by itself, so a missing one is nothing to mend.
    return Finding(what, True, f"{fault}; the pod makes it anew" if fault else "whole")


def _folders(settings: Settings) -> Iterator[tuple[str, Path]]:
    for name, pod in settings.pods.items():
        for source, folder in pod.sources.items():
            yield f"source {name}.{source}", folder


def _folder(source: tuple[str, Path]) -> Finding:
    what, folder = source
    if folder.is_dir():
        return Finding(what, True, str(folder))
    return Finding(what, False, f"{folder} is not a folder", "Make it, or correct `sources`.")


def _connectors(settings: Settings) -> Iterator[Finding]:
    for pod, chosen in settings.pods.items():
        for name in chosen.connectors:
            what, state = f"connector {pod}.{name}", record(settings.inbox_dir(pod, name))
            if state is None:
                yield Finding(what, True, "has not looked yet")
            elif state.failed:
                [failure, *_] = state.failed
                yield Finding(what, False, failure.message, failure.remedy or "")
            else:
                yield Finding(what, True, f"looked on {state.at:%Y-%m-%d %H:%M} UTC")


def _disk(folder: Path) -> Finding:
    there = next(path for path in (folder, *folder.parents) if path.exists())
    free = shutil.disk_usage(there).free
    remedy = "" if free >= _FREE_BYTES else f"Free some space on the disk of {there}."
    return Finding("disk", not remedy, f"{free / 1e9:.1f} GB free", remedy)


def _trouble(trouble: Trouble) -> Finding:
    since = f" (since {trouble.since.astimezone():%Y-%m-%d %H:%M})" if trouble.since else ""
    fine = trouble.severity == "warning"
    return Finding(f"alert {trouble.name}", fine, f"{trouble.what}{since}", trouble.remedy)


def _keys(folder: Path) -> Finding:
    exposed = [
        path for path in folder.glob("*") if path.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO)
    ]
    if not exposed:
        return Finding("keys", True, f"{folder}: nobody else can read them")
    names = " ".join(str(path) for path in exposed)
    return Finding("keys", False, f"others can read {names}", f"chmod 600 {names}")
