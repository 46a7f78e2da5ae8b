"""What Prometheus says is wrong, written down where the hub and `hearth doctor` read it.

The hub has no network, and needs none: only this small program asks, and a file goes the other way.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.client import HTTPException
from pathlib import Path
from threading import Event
from urllib.request import urlopen

from pydantic import BaseModel, ValidationError

from hearth.config import MonitoringSettings
from hearth.ops import certificates, notify
from hearth.ops.box import REPORT, Certificate, Report, Trouble, Watched
from hearth.store import whole

_PAUSE_SECONDS = 10.0
_ANSWER_SECONDS = 8.0
_ANSWER_BYTES = 8_000_000
_CERTIFICATES_EVERY = timedelta(minutes=10)
_POD_UNIT = re.compile(r"hearth-(?:migrate-|snapshot-)?pod-([a-z0-9-]+)\.service")
_log = logging.getLogger(__name__)


def _pod(labels: dict[str, str]) -> str | None:
    """The pod that a series is about, by its label or by its unit's name."""
    if "pod" in labels:
        return labels["pod"]
    found = _POD_UNIT.match(labels.get("name", ""))
    return found and found[1]


class _Alert(BaseModel):
    labels: dict[str, str]
    annotations: dict[str, str]
    state: str
    activeAt: datetime  # noqa: N815 - Prometheus' name

    def trouble(self) -> Trouble:
        """The alert in our words."""
        critical = self.labels.get("severity") == "critical"
        name = self.labels["alertname"]
        return Trouble(
            name=name,
            severity="critical" if critical else "warning",
            what=self.annotations.get("summary", name),
            since=self.activeAt,
            remedy=self.annotations.get("what_to_do", ""),
            pod=_pod(self.labels),
        )


class _Target(BaseModel):
    labels: dict[str, str]
    health: str
    lastError: str  # noqa: N815 - Prometheus' name

    def watched(self) -> Watched:
        """The target by the name of the program, or of the exporter, that it belongs to."""
        name = self.labels.get("program") or self.labels.get("job", "unknown")
        up = self.health == "up"
        return Watched(name=name, up=up, fault=self.lastError, pod=_pod(self.labels))


class _Alerts(BaseModel):
    class Data(BaseModel):
        alerts: list[_Alert]

    data: Data


class _Targets(BaseModel):
    class Data(BaseModel):
        activeTargets: list[_Target]  # noqa: N815 - Prometheus' name

    data: Data


class Watch:
    """One watcher over one Prometheus and the front door."""

    def __init__(self, settings: MonitoringSettings, folder: Path) -> None:
        self._prometheus = settings.prometheus
        self._names = settings.certificates
        self._folder = folder
        self._certificates: list[Certificate] = []
        self._looked: datetime | None = None
        self._silent = False

    def run(self, stop: Event) -> None:
        """Look again and again until `stop` is set; what fails is tried anew."""
        notify.send("READY=1")
        while not stop.is_set():
            self.once(datetime.now(UTC))
            notify.send("WATCHDOG=1")
            stop.wait(_PAUSE_SECONDS)

    def once(self, now: datetime) -> None:
        """One look. A Prometheus that does not answer leaves the last report, which grows old."""
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o750)
        if self._names and (self._looked is None or now - self._looked >= _CERTIFICATES_EVERY):
            self._looked = now
            self._certificates = certificates.look(self._names)
            certificates.export(self._certificates, self._folder)
        try:
            report = Report(
                at=now,
                troubles=tuple(self._troubles()),
                watched=tuple(self._watched()),
                certificates=tuple(self._certificates),
            )
        except (OSError, HTTPException, ValidationError) as error:
            if not self._silent:
                _log.warning("Prometheus does not answer: %s", error)
            self._silent = True
            return
        if self._silent:
            _log.info("Prometheus answers again")
        self._silent = False
        self._write(report)

    def _troubles(self) -> Iterator[Trouble]:
        found = _Alerts.model_validate_json(self._ask("/api/v1/alerts"))
        for each in sorted(found.data.alerts, key=lambda each: each.activeAt):
            if each.state == "firing":
                yield each.trouble()

    def _watched(self) -> Iterator[Watched]:
        found = _Targets.model_validate_json(self._ask("/api/v1/targets?state=active"))
        yield from sorted(
            (each.watched() for each in found.data.activeTargets), key=lambda each: each.name
        )

    def _ask(self, path: str) -> bytes:
        # A loopback address by the settings' own pattern.
        with urlopen(f"{self._prometheus}{path}", timeout=_ANSWER_SECONDS) as answer:  # noqa: S310
            body: bytes = answer.read(_ANSWER_BYTES)
            return body

    def _write(self, report: Report) -> None:
        text = report.model_dump_json(indent=1) + "\n"
        whole.put(self._folder / REPORT, text.encode(), mode=0o640)  # for the hub's group
