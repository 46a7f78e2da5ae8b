"""What became of the last backup and the last drill, for people, for `status` and for metrics."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TypeVar

from prometheus_client import CollectorRegistry, Gauge, write_to_textfile
from pydantic import ValidationError

from hearth.config import Settings
from hearth.core.people import Frozen
from hearth.store import whole

Kept = TypeVar("Kept", bound="Record")


class Failure(Frozen):
    """A run that did not end well."""

    time: datetime
    why: str


class Record(Frozen):
    """The last good run, and the failure since, if there was one."""

    good: datetime | None = None
    failure: Failure | None = None


class BackupRecord(Record):
    """The last good backup."""

    snapshot: str = ""
    bytes: int = 0
    files: int = 0
    databases: int = 0
    owners: int = 0
    same_disk: bool = False


class DrillRecord(Record):
    """The last drill that went well."""

    snapshot: str = ""
    seconds: float = 0.0
    questions: int = 0


def backup_record(settings: Settings) -> BackupRecord:
    """The last backup; an empty record when there was none."""
    return _read(settings.records / "backup.json", BackupRecord)


def drill_record(settings: Settings) -> DrillRecord:
    """The last drill; an empty record when there was none."""
    return _read(settings.records / "drill.json", DrillRecord)


def write_backup(settings: Settings, record: BackupRecord) -> None:
    """Keep it, and tell the monitoring."""
    _write(settings.records / "backup.json", record)
    registry = CollectorRegistry()
    values = {
        "last_success_timestamp_seconds": ("When the last good backup ended.", _seconds(record)),
        "max_age_seconds": (
            "Age at which the last good backup is too old.",
            settings.backup.max_age_hours * 3_600,
        ),
        "ok": ("Whether the last try went well.", record.failure is None),
        "bytes": ("Bytes in the last good backup.", record.bytes),
        "files": ("Files in the last good backup.", record.files),
        "databases": ("Databases in the last good backup.", record.databases),
        "owners": ("Programs whose data is in the last good backup.", record.owners),
        "same_disk": ("Whether the repository shares a disk with the data.", record.same_disk),
    }
    for name, (words, value) in values.items():
        Gauge(f"hearth_backup_{name}", words, registry=registry).set(value)
    _export(settings, "hearth_backup.prom", registry)


def write_drill(settings: Settings, record: DrillRecord) -> None:
    """Keep it, and tell the monitoring."""
    _write(settings.records / "drill.json", record)
    registry = CollectorRegistry()
    values = {
        "last_success_timestamp_seconds": ("When a drill last went well.", _seconds(record)),
        "ok": ("Whether the last drill went well.", record.failure is None),
        "seconds": ("How long the last good drill took.", record.seconds),
        "questions": ("Questions that the last good drill answered.", record.questions),
    }
    for name, (words, value) in values.items():
        Gauge(f"hearth_drill_{name}", words, registry=registry).set(value)
    _export(settings, "hearth_drill.prom", registry)


def _seconds(record: Record) -> float:
    return 0.0 if record.good is None else record.good.timestamp()


def _read(path: Path, kind: type[Kept]) -> Kept:
    try:
        return kind.model_validate_json(path.read_bytes())
    except (FileNotFoundError, ValidationError):
        return kind()


def _write(path: Path, record: Record) -> None:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    whole.put(path, f"{record.model_dump_json(indent=1)}\n".encode(), mode=0o644)


def _export(settings: Settings, name: str, registry: CollectorRegistry) -> None:
    folder = settings.backup.metrics_dir
    if folder is None:
        return
    folder.mkdir(parents=True, exist_ok=True)
    write_to_textfile(str(folder / name), registry)  # renamed into place
    (folder / name).chmod(0o644)
