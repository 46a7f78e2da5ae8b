"""A small house with data, a real restic repository, and a model server for the drill."""

from __future__ import annotations

import json
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from command_line import CommandLine
from model_server import served, wait_until
from scripted_model import ScriptedModel

from hearth.config import Settings, load
from hearth.hub.seeds import ensure_members
from hearth.ops.running import users

LETTER = "The insurance covers the bicycles. Ask Harbour Lane for the form.\n"


class BackedUpHouse:
    """Two pods with rows and uploads, and the hub with an owner."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.config = folder / "hearth.toml"
        self.config.write_text(
            'state_dir = "state"\nruntime_dir = "r"\n'
            '[pods.family]\ntools = ["calendar", "ledger", "documents"]\n'
            '[pods.study]\ntools = ["notes"]\n'
            '[backup]\nrepository = "repository"\nmetrics_dir = "metrics"\n'
        )
        self.hearth = CommandLine(self.config)
        self.settings: Settings = load(self.config)
        self.repository = folder / "repository"

    def copied_to(self, folder: Path) -> BackedUpHouse:
        """The same house, with its repository, in another folder."""
        shutil.copytree(self.folder, folder, dirs_exist_ok=True, copy_function=shutil.copy2)
        return BackedUpHouse(folder)

    def furnish(self) -> None:
        """Schemas, keys, an owner, rows, and an uploaded letter."""
        command = [sys.executable, "-m", "hearth.services.migrate", "--config", str(self.config)]
        subprocess.run(command, check=True, capture_output=True)
        assert self.hearth("keys", "make").exit_code == 0
        ensure_members(self.settings)
        for number in range(20):
            account = f"account {number}"
            self.execute(
                "family", "INSERT INTO accounts (name, currency) VALUES (?, 'EUR')", account
            )
        uploads = self.settings.pod_dir("family") / "uploads"
        uploads.mkdir(mode=0o700)
        (uploads / "letter.txt").write_text(LETTER)

    def database(self, owner: str) -> Path:
        """The database of the hub or of a pod."""
        if owner == "hub":
            return self.settings.hub_dir / "hub.sqlite3"
        return self.settings.pod_dir(owner) / "pod.sqlite3"

    def execute(self, owner: str, statement: str, *values: str) -> None:
        """Change a database."""
        change(self.database(owner), statement, *values)

    def accounts(self) -> int:
        """How many rows the family has that tests put there."""
        with closing(sqlite3.connect(self.database("family"))) as database:
            return int(database.execute("SELECT count(*) FROM accounts").fetchone()[0])

    def back_up(self) -> None:
        """`hearth backup init` and `run`."""
        self.hearth.json("backup", "init")
        self.hearth.json("backup", "run")

    def record(self) -> Any:
        """What is on record of the last good backup."""
        return self.hearth.json("backup", "status")["backup"]

    def metric(self, name: str) -> float:
        """A figure as node exporter would read it."""
        lines = [
            line.split()
            for path in (self.folder / "metrics").glob("*.prom")
            for line in path.read_text().splitlines()
        ]
        return float(next(words[1] for words in lines if words[0] == name))

    @contextmanager
    def running(self, *programs: str) -> Iterator[list[subprocess.Popen[bytes]]]:
        """Real programs ("hub", "pod-family"), just started; ended on leaving."""
        started = [subprocess.Popen(self._command(program)) for program in programs]
        try:
            yield started
        finally:
            for process in started:
                process.terminate()
            for process in started:
                process.wait(30)

    def _command(self, program: str) -> list[str]:
        service, _, pod = program.partition("-")
        which = ["--pod", pod] if pod else []
        command = [sys.executable, "-m", f"hearth.services.{service}", *which]
        return [*command, "--config", str(self.config)]

    def wait_for(self, program: str) -> None:
        """Until a program has its database open and answers."""
        owner = self.settings.hub_dir if program == "hub" else self.settings.pod_dir(program[4:])
        wait_until(lambda: self.settings.socket(program, "ops").exists() and bool(users(owner)))

    def elsewhere_engine(self) -> None:
        """Have the models at an address where nobody answers, so that no program serves them."""
        text = self.config.read_text()
        self.config.write_text(text + '[engines.default]\nurl = "http://127.0.0.1:1/v1"\n')
        self.settings = load(self.config)

    @contextmanager
    def model(self) -> Iterator[None]:
        """A model server on the drill's socket."""
        socket = self.settings.socket("inference", "drill")
        socket.parent.mkdir(parents=True, exist_ok=True)
        with served(ScriptedModel(()).app, {"drill": socket}):
            yield


def change(database: Path, statement: str, *values: str) -> None:
    """Run one statement on a database file."""
    with closing(sqlite3.connect(database)) as connection:
        connection.execute(statement, values)
        connection.commit()


@contextmanager
def short_folder() -> Iterator[Path]:
    """A folder of its own whose path is short enough for sockets."""
    folder = Path(tempfile.mkdtemp(prefix="hb-"))
    try:
        yield folder
    finally:
        shutil.rmtree(folder)


def manifest(folder: Path) -> Any:
    """A copy's manifest."""
    return json.loads((folder / "manifest.json").read_text())
