"""restic, as a program: one method a verb, and its complaints in our own words.

https://restic.readthedocs.io/en/stable/075_scripting.html; works with restic 0.14 and later.
"""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from hearth.config import BackupSettings
from hearth.core.errors import BadConfiguration, Unavailable
from hearth.ops.backup import complaints, sftp
from hearth.ops.backup.sftp import Login
from hearth.ops.backup.user import User

TAG = "hearth"
_EXCLUDED = (".making", ".making-old", ".lock")  # what hearth backup snapshot is working on
Fraction = Callable[[float], None]


@dataclass(frozen=True)
class Snapshot:
    """A backup in the repository."""

    id: str
    time: datetime
    host: str


@dataclass(frozen=True)
class Listing:
    """The backups in a repository, the oldest first, and those that it has but cannot read."""

    backups: list[Snapshot]
    unreadable: list[str]  # beginnings of their ids


@dataclass(frozen=True)
class Stored:
    """What a backup has put into the repository."""

    snapshot: str
    files: int
    bytes: int
    added: int  # bytes that were new


class Restic:
    """One repository, what opens it, and as whom: the caller where no user is named.

    Raises core.errors.
    """

    def __init__(
        self,
        repository: str,
        password: bytes,
        environment: Mapping[str, str] | None = None,
        *,
        cacheless: bool = False,
        user: User | None = None,
        login: Login | None = None,
    ) -> None:
        self.repository = repository
        self.user = user
        self.login = login
        self._password = password
        self._environment = {
            **os.environ,
            **(environment or {}),
            "RESTIC_REPOSITORY": repository,
            "RESTIC_PROGRESS_FPS": "2",
        }
        for stray in ("RESTIC_PASSWORD", "RESTIC_PASSWORD_COMMAND", "RESTIC_REPOSITORY_FILE"):
            self._environment.pop(stray, None)
        if cache := os.environ.get("CACHE_DIRECTORY"):
            self._environment["RESTIC_CACHE_DIR"] = cache
        if user is not None:
            self._environment["HOME"] = user.home
        homeless = user is not None or "HOME" not in os.environ
        self._cacheless = cacheless or (not cache and homeless)

    def init(self) -> None:
        """Make the repository."""
        self._run("init")

    def id(self) -> str:
        """The repository's id; NotFound when there is none."""
        return str(json.loads(self._run("cat", "config"))["id"])

    def key_id(self) -> str:
        """The id of the key that the password opens."""
        keys = json.loads(self._run("key", "list", "--json"))
        return str(next(key["id"] for key in keys if key["current"]))

    def unlock(self) -> None:
        """Remove the locks of processes that died."""
        self._run("unlock")

    def backup(self, folder: Path, more: Sequence[Path], host: str, progress: Fraction) -> Stored:
        """Store everything in `folder`, and more folders under their whole paths."""
        excluded = [f"--exclude={folder}/*/{name}" for name in _EXCLUDED]
        places = [".", *map(str, more)]
        command = ["backup", "--json", f"--host={host}", f"--tag={TAG}", *excluded, *places]
        summary: dict[str, Any] = {}
        for message in self._messages(command, folder):
            if message.get("message_type") == "status":
                progress(float(message.get("percent_done", 0)))
            elif message.get("message_type") == "summary":
                summary = message
        if "snapshot_id" not in summary:
            raise Unavailable("restic did not say that it has stored anything")
        return Stored(
            snapshot=summary["snapshot_id"],
            files=summary["total_files_processed"],
            bytes=summary["total_bytes_processed"],
            added=summary["data_added"],
        )

    def listing(self) -> Listing:
        """Hearth's backups. One that cannot be read does not tell whose it was."""
        said, complaint = self._both("snapshots", "--json", f"--tag={TAG}")
        every = [
            Snapshot(one["id"], datetime.fromisoformat(_micro(one["time"])), one["hostname"])
            for one in json.loads(said) or []
        ]
        return Listing(sorted(every, key=lambda one: one.time), complaints.unreadable(complaint))

    def forget(self, settings: BackupSettings, host: str) -> None:
        """Remove what the retention no longer wants of this host's backups, and its data."""
        kept = {
            "daily": settings.keep_daily,
            "weekly": settings.keep_weekly,
            "monthly": settings.keep_monthly,
        }
        wanted = [f"--keep-{name}={count}" for name, count in kept.items() if count]
        mine = [f"--host={host}", f"--tag={TAG}", "--group-by=host,tags"]
        self._run("forget", "--prune", "--keep-last=1", *mine, *wanted)

    def check(self) -> None:
        """Damaged unless the repository holds together."""
        self._run("check")

    def restore(self, snapshot: str, into: Path) -> None:
        """Write a backup's files to `into`; Damaged where one cannot be read."""
        self._run("restore", snapshot, f"--target={into}")

    def _run(self, verb: str, *arguments: str) -> str:
        return self._both(verb, *arguments)[0]

    def _both(self, verb: str, *arguments: str) -> tuple[str, str]:
        """What it said, and what it complained of all the same."""
        with self._started([verb, *arguments], None) as (process, more):
            said, complaint = process.communicate()
        if process.returncode:
            raise complaints.fault(verb, "".join([*more, complaint]), self.repository)
        return said, complaint

    def _messages(self, command: list[str], folder: Path) -> Iterator[dict[str, Any]]:
        said: list[str] = []
        # Complaints come in the same pipe: two could each wait for the other to be read.
        with self._started(command, folder, errors=subprocess.STDOUT) as (process, more):
            assert process.stdout is not None
            for line in process.stdout:
                message = json.loads(line) if line.startswith("{") else {}
                if message.get("message_type") in ("status", "summary"):
                    yield message
                else:
                    said.append(line)
        if process.returncode:
            raise complaints.fault(command[0], "".join([*more, *said]), self.repository)

    @contextmanager
    def _started(
        self, command: list[str], folder: Path | None, errors: int = subprocess.PIPE
    ) -> Iterator[tuple[subprocess.Popen[str], list[str]]]:
        # The password reaches restic through memory: it is on no disk and in no environment.
        secret = os.memfd_create("password", 0)
        try:
            os.write(secret, self._password)
            password = f"--password-file=/proc/self/fd/{secret}"
            options = ["--no-cache"] if self._cacheless else []
            identity = self.user.identity() if self.user is not None else {}
            with (
                sftp.option(self.login, self.user) as (reached, more),
                subprocess.Popen(
                    ["restic", password, *options, *reached, *command],
                    cwd=folder or ("/" if self.user else None),  # not where root happens to be
                    env=self._environment,
                    pass_fds=[secret],
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.PIPE,
                    stderr=errors,
                    text=True,
                    **identity,
                ) as process,
            ):
                yield process, more
        except FileNotFoundError as error:
            raise BadConfiguration("restic is not installed", remedy="Install restic.") from error
        finally:
            os.close(secret)


def _micro(time: str) -> str:
    """RFC 3339 with nanoseconds, cut to what Python reads."""
    head, dot, rest = time.partition(".")
    if not dot:
        return time
    digits = rest[: len(rest) - len(rest.lstrip("0123456789"))]
    return f"{head}.{digits[:6]:0<6}{rest[len(digits) :]}"
