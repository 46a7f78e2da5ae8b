"""The backup: what was laid out goes to the repository, old ones go, and all is checked."""

from __future__ import annotations

import socket
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from hearth.config import Settings, is_folder
from hearth.core.errors import BadConfiguration, Damaged, HearthError, Unavailable
from hearth.ops import keys
from hearth.ops.backup import folders, manifest, records, sftp, verify
from hearth.ops.backup.disks import same_disk
from hearth.ops.backup.manifest import Manifest
from hearth.ops.backup.owners import owners
from hearth.ops.backup.records import BackupRecord, Failure
from hearth.ops.backup.restic import Fraction, Restic, Stored
from hearth.ops.backup.snapshot import staged
from hearth.ops.backup.user import backup_user

Say = Callable[[str], None]


def repository(settings: Settings, *, cacheless: bool = False) -> Restic:
    """The configured repository, with what opens it; BadConfiguration."""
    place = settings.backup.repository
    if place is None:
        raise BadConfiguration(
            "there is no repository for backups",
            where="backup.repository",
            remedy="Name one in the configuration: a folder on a USB disk, or another machine.",
        )
    password, environment = opening(settings)
    return Restic(
        place,
        password,
        environment,
        cacheless=cacheless,
        user=backup_user(),
        login=sftp.login(settings),
    )


def opening(settings: Settings) -> tuple[bytes, dict[str, str]]:
    """What opens the configured repository: the password, and what restic needs besides."""
    backup = settings.backup
    password = keys.find(settings, backup.password, backup.password_file).strip()
    if backup.environment is None:
        return password, {}
    environment = keys.find(settings, backup.environment, backup.environment_file)
    return password, variables(environment.decode())


def variables(text: str) -> dict[str, str]:
    """KEY=VALUE lines; empty lines and those that begin with # say nothing."""
    lines = [line.strip() for line in text.splitlines()]
    pairs = [line.partition("=") for line in lines if line and not line.startswith("#")]
    return {key.strip(): value.strip().strip('"') for key, _, value in pairs}


def on_same_disk(settings: Settings) -> bool:
    """Whether the repository would be lost together with the data."""
    folder = folder_of(settings)
    if folder is None:
        return False
    # Behind the walls of the backup's unit nothing but the copies is left of the data's disk.
    data = [settings.state_dir, *(settings.staging / owner.name for owner in owners(settings))]
    return any(same_disk(folder, one) for one in data)


def folder_of(settings: Settings) -> Path | None:
    """The repository's folder, if it is one of this machine."""
    place = (settings.backup.repository or "").removeprefix("local:")
    return Path(place) if place and is_folder(place) else None


def host() -> str:
    """The name under which this box's backups stand in the repository."""
    return socket.gethostname()


def run(settings: Settings, say: Say, progress: Fraction) -> BackupRecord:
    """Store what was laid out. A failure is written down, told to the monitoring, and raised."""
    try:
        record = _run(settings, say, progress)
    except HearthError as error:
        failed = Failure(time=datetime.now(UTC), why=str(error))
        before = records.backup_record(settings)
        records.write_backup(settings, before.model_copy(update={"failure": failed}))
        raise
    records.write_backup(settings, record)
    return record


def _run(settings: Settings, say: Say, progress: Fraction) -> BackupRecord:
    copied = _laid_out(settings)
    restic = repository(settings)
    restic.unlock()  # it is there, and opens
    more = list(settings.backup.folders)
    if more:
        more.append(folders.note(settings.records, more))
    stored = restic.backup(settings.staging, more, host(), progress)
    _plausible(stored, copied)
    say(f"stored {stored.files:,} files, {stored.bytes:,} bytes, {stored.added:,} of them new")
    restic.forget(settings.backup, host())
    say("removed what the retention no longer keeps")
    restic.check()
    say("checked the repository")
    return BackupRecord(
        good=datetime.now(UTC),
        snapshot=stored.snapshot,
        bytes=stored.bytes,
        files=stored.files,
        databases=sum(len(made.databases) for made in copied),
        owners=len(copied),
        same_disk=on_same_disk(settings),
    )


def _laid_out(settings: Settings) -> list[Manifest]:
    """The manifests of what will be stored; a hole or an old copy stops the backup here."""
    everyone = owners(settings)
    places = {owner.name: staged(settings, owner) for owner in everyone}
    for name, place in places.items():
        if not (place / manifest.NAME).exists():
            raise Damaged(
                f"there is no copy of {name} to store",
                where=str(place),
                remedy="`hearth backup snapshot` makes it.",
            )
    for folder in settings.backup.folders:
        if not folder.is_dir():
            raise Damaged("there is no such folder to store", where=str(folder))
    copied = [manifest.read(place) for place in places.values()]
    verify.complete(copied, everyone)
    oldest = min(copied, key=lambda made: made.made)
    if datetime.now(UTC) - oldest.made > timedelta(hours=settings.backup.max_age_hours):
        raise Damaged(
            f"the copy of {oldest.owner} is too old to store: {oldest.made:%Y-%m-%d %H:%M} UTC",
            where=str(places[oldest.owner]),
            remedy="`hearth backup snapshot` makes a new one.",
        )
    return copied


def _plausible(stored: Stored, copied: list[Manifest]) -> None:
    files = sum(len(made.databases) + len(made.files) for made in copied)
    size = sum(made.bytes for made in copied)
    if stored.files < files or stored.bytes < size:
        raise Damaged(
            f"restic stored {stored.files:,} files and {stored.bytes:,} bytes,"
            f" and there are {files:,} and {size:,}",
            remedy="Look at what it may not read: this backup is not whole.",
        )


def fresh(settings: Settings) -> BackupRecord:
    """The last good backup; Unavailable when it is too old or there is none."""
    record = records.backup_record(settings)
    limit = timedelta(hours=settings.backup.max_age_hours)
    if record.good is not None and datetime.now(UTC) - record.good <= limit:
        return record
    when = (
        "there is none"
        if record.good is None
        else f"the last is from {record.good:%Y-%m-%d %H:%M} UTC"
    )
    why = f"; the last try failed: {record.failure.why}" if record.failure else ""
    raise Unavailable(
        f"no good backup is younger than {settings.backup.max_age_hours} hours: {when}{why}",
        remedy="Run `hearth backup run`.",
    )
