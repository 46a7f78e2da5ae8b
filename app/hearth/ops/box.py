"""Is the house well: what the monitoring reports, and what became of the backups, in one answer."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Literal

from pydantic import ValidationError

import hearth
from hearth.config import Settings
from hearth.core.people import Frozen
from hearth.ops.backup import records
from hearth.ops.backup.records import BackupRecord, DrillRecord

REPORT = "report.json"
BOX_RUNTIME = Path("/run/hearth")
_SILENT = timedelta(minutes=3)  # the report is written anew every few seconds
# Prometheus' alerts that say what the records of the backups say here, sooner and with the reason.
_OF_BACKUPS = frozenset(
    ("BackupTooOld", "BackupNeverRan", "BackupFailed", "BackupOnTheSameDisk", "DrillFailed")
)

Severity = Literal["critical", "warning"]


class Trouble(Frozen):
    """Something that needs a person: what is wrong, since when, and what to do."""

    name: str
    severity: Severity
    what: str
    since: datetime | None
    remedy: str
    # Whose it is, so that it is told to nobody for whom that pod is not there.
    pod: str | None = None


class Watched(Frozen):
    """A program or a part of the machine that the monitoring reads."""

    name: str
    up: bool
    fault: str = ""
    pod: str | None = None


class Certificate(Frozen):
    """What the front door shows under a name, and until when it holds."""

    name: str
    begins: datetime | None = None
    ends: datetime | None = None
    fault: str = ""


class Report(Frozen):
    """What hearth-watch writes down for the hub and the command line."""

    at: datetime
    troubles: tuple[Trouble, ...] = ()
    watched: tuple[Watched, ...] = ()
    certificates: tuple[Certificate, ...] = ()


class Box(Frozen):
    """The answer; `report` is missing where nothing watches, `backup` where none is set up."""

    version: str
    well: bool
    troubles: tuple[Trouble, ...]  # the gravest first
    report: Report | None
    backup: BackupRecord | None
    drill: DrillRecord | None
    max_age_hours: int

    def seen_by(self, may: Callable[[str], object]) -> Box:
        """Without what is about pods for which `may` is not true."""

        def seen(each: Trouble | Watched) -> bool:
            return each.pod is None or bool(may(each.pod))

        troubles = tuple(filter(seen, self.troubles))
        report = self.report and self.report.model_copy(
            update={
                "troubles": tuple(filter(seen, self.report.troubles)),
                "watched": tuple(filter(seen, self.report.watched)),
            }
        )
        update = {"troubles": troubles, "well": not troubles, "report": report}
        return self.model_copy(update=update)

    @property
    def backup_is_fresh(self) -> bool:
        """Whether the last good backup is young enough."""
        stale = {"BackupNeverRan", "BackupTooOld"}
        return self.backup is not None and not any(each.name in stale for each in self.troubles)

    @property
    def grave(self) -> tuple[Trouble, ...]:
        """What cannot wait."""
        return tuple(each for each in self.troubles if each.severity == "critical")


def look(settings: Settings, now: datetime | None = None) -> Box:
    """How the house is by what was written down. Reads three small files; raises nothing."""
    now = now or datetime.now(UTC)
    report = _report(settings.watch_dir / REPORT)
    backup = drill = None
    troubles: list[Trouble] = []
    if settings.monitoring.prometheus:
        troubles += _of_the_report(report, now)
    if settings.backup.repository:
        backup, drill = records.backup_record(settings), records.drill_record(settings)
        mine = {each.name: each for each in _of_backups(settings, backup, drill, now)}
        troubles = [each for each in troubles if each.name not in _OF_BACKUPS]
        troubles += mine.values()
    troubles.sort(key=lambda each: (each.severity, each.name))
    return Box(
        version=hearth.__version__,
        well=not troubles,
        troubles=tuple(troubles),
        report=report if settings.monitoring.prometheus else None,
        backup=backup,
        drill=drill,
        max_age_hours=settings.backup.max_age_hours,
    )


def _report(path: Path) -> Report | None:
    try:
        return Report.model_validate_json(path.read_bytes())
    except (OSError, ValidationError):
        return None


def _of_the_report(report: Report | None, now: datetime) -> list[Trouble]:
    """What fires; when the report is old, that and nothing else is known."""
    if report is not None and now - report.at < _SILENT:
        return list(report.troubles)
    return [
        Trouble(
            name="NotWatched",
            severity="warning",
            what="The monitoring is silent, so nobody would hear of what goes wrong.",
            since=None if report is None else report.at,
            remedy="`systemctl status prometheus hearth-watch` says why.",
        )
    ]


def _of_backups(
    settings: Settings, backup: BackupRecord, drill: DrillRecord, now: datetime
) -> Iterator[Trouble]:
    on_a_box = settings.runtime == BOX_RUNTIME
    again = "systemctl start hearth-backup" if on_a_box else "hearth backup run"
    prove = "systemctl start hearth-drill" if on_a_box else "hearth drill"
    longest = timedelta(hours=settings.backup.max_age_hours)
    if backup.good is None:
        yield Trouble(
            name="BackupNeverRan",
            severity="critical",
            what="There is no good backup yet.",
            since=None,
            remedy=f"`{again}` makes one now.",
        )
    elif now - backup.good > longest:
        yield Trouble(
            name="BackupTooOld",
            severity="critical",
            what=f"No good backup is younger than {settings.backup.max_age_hours} hours.",
            since=backup.good + longest,
            remedy=f"Is the disk plugged in, the other machine on? Then `{again}`.",
        )
    if backup.failure is not None:
        yield Trouble(
            name="BackupFailed",
            severity="critical",
            what=f"The last backup failed: {backup.failure.why}",
            since=backup.failure.time,
            remedy=f"When it is mended, `{again}`.",
        )
    if backup.same_disk:
        yield Trouble(
            name="BackupOnTheSameDisk",
            severity="warning",
            what="The backup lies on the same disk as the data: when it breaks, both are gone.",
            since=None,
            remedy="Use a USB disk or another machine: `services.hearth.backup.usb.enable` or "
            "`services.hearth.backup.repository`."
            if on_a_box
            else "Name a USB disk or another machine as `backup.repository`.",
        )
    if drill.failure is not None:
        yield Trouble(
            name="DrillFailed",
            severity="critical",
            what="The last restore drill failed, so the backup may not bring the house back: "
            f"{drill.failure.why}",
            since=drill.failure.time,
            remedy=f"Make a new backup (`{again}`), then try again (`{prove}`).",
        )
