"""A house with a monitoring and backups, and what both of them have written down."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar

from hub_house import House

from hearth.config import BackupSettings, MonitoringSettings, Settings
from hearth.ops.backup import records
from hearth.ops.backup.records import BackupRecord, DrillRecord, Failure
from hearth.ops.box import REPORT, Certificate, Report, Trouble, Watched

OF_A_BOX: Mapping[str, Any] = {
    "backup": BackupSettings(repository="/mnt/backup/hearth"),
    "monitoring": MonitoringSettings(prometheus="http://127.0.0.1:9090"),
}
WATCHED = (
    Watched(name="caddy", up=True),
    Watched(name="hub", up=True),
    Watched(name="inference", up=True),
    Watched(name="node", up=True),
    Watched(name="pod-family", up=True, pod="family"),
    Watched(name="pod-finance", up=True, pod="finance"),
    Watched(name="prometheus", up=True),
)


class WatchedHouse(House):
    """A house as it stands on a box."""

    more: ClassVar[Mapping[str, Any]] = OF_A_BOX


def ago(**past: float) -> datetime:
    """A moment so long ago."""
    return datetime.now(UTC) - timedelta(**past)


def silent_pod(pod: str = "finance") -> Trouble:
    """The alert about a pod that does not answer, as the rules word it."""
    return Trouble(
        name="ProgramDown",
        severity="critical",
        what=f"The pod {pod} does not answer.",
        since=ago(minutes=12),
        remedy=f"It restarts by itself. After ten minutes: `systemctl restart hearth-pod-{pod}`; "
        f"`journalctl -u hearth-pod-{pod} -n 50` says why.",
        pod=pod,
    )


def full_disk() -> Trouble:
    """A warning."""
    return Trouble(
        name="DiskFillsInFourDays",
        severity="warning",
        what="/mnt/data will be full within four days.",
        since=ago(hours=5),
        remedy="`du -xh --max-depth=2 /mnt/data | sort -h | tail` shows what grows.",
    )


def report(settings: Settings, *troubles: Trouble, at: datetime | None = None) -> None:
    """Write down what hearth-watch would, with these alerts firing."""
    silent = {each.pod for each in troubles if each.name == "ProgramDown"}
    watched = tuple(
        part.model_copy(update={"up": False, "fault": "connection refused"})
        if part.pod in silent and part.pod
        else part
        for part in WATCHED
    )
    found = Report(
        at=at or datetime.now(UTC),
        troubles=troubles,
        watched=watched,
        certificates=(Certificate(name="hearth.local", begins=ago(hours=2), ends=ago(hours=-10)),),
    )
    settings.watch_dir.mkdir(parents=True, exist_ok=True)
    (settings.watch_dir / REPORT).write_text(found.model_dump_json())


def backed_up(
    settings: Settings, *, good: datetime | None, failure: str = "", same_disk: bool = False
) -> None:
    """Write down what became of the last backup."""
    failed = Failure(time=ago(minutes=40), why=failure) if failure else None
    record = BackupRecord(
        good=good,
        failure=failed,
        snapshot="0" * 64 if good else "",
        bytes=214_000_000 if good else 0,
        files=1_204 if good else 0,
        databases=3 if good else 0,
        owners=3 if good else 0,
        same_disk=same_disk,
    )
    records.write_backup(settings, record)


def drilled(settings: Settings, *, failure: str = "") -> None:
    """Write down what became of the last drill."""
    failed = Failure(time=ago(hours=9), why=failure) if failure else None
    record = DrillRecord(good=ago(days=3), failure=failed, seconds=41.0, questions=3)
    records.write_drill(settings, record)


def all_well(settings: Settings) -> None:
    """Nothing fires, the last backup is young, and the last drill went well."""
    report(settings)
    backed_up(settings, good=ago(hours=7))
    drilled(settings)
