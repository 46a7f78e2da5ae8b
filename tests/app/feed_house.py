"""A house with one connector, without the pod's service around it."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from hearth.config import Settings, load
from hearth.connectors.looking import look
from hearth.core.api import ConnectorState

CONFIGURATION = """
zone = "Europe/Berlin"
[engines.default]
[pods.family]
file_bytes = 300_000
[pods.family.connectors.school]
kind = "ics"
"""


def event(uid: str, what: str, stamp: str = "20260101T000000Z") -> str:
    return (
        f"BEGIN:VEVENT\r\nUID:{uid}@example.org\r\nDTSTAMP:{stamp}\r\n"
        f"DTSTART;TZID=Europe/Berlin:20261201T083000\r\nSUMMARY:{what}\r\nEND:VEVENT\r\n"
    )


def calendar(*events: str) -> str:
    head = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//Example//EN\r\n"
    return f"{head}{''.join(events)}END:VCALENDAR\r\n"


@dataclass(frozen=True)
class Connected:
    """The house's side."""

    configuration: Path
    settings: Settings

    @property
    def inbox(self) -> Path:
        return self.settings.inbox_dir("family", "school")

    @property
    def copy(self) -> Path:
        return self.inbox / "school.ics"

    def subscribe(self, url: str) -> None:
        """Put an address into the credential."""
        self.settings.keys_dir.mkdir(parents=True, exist_ok=True)
        (self.settings.keys_dir / "connector-family-school").write_text(f"{url}\n")

    def with_ca(self, ca: Path) -> Connected:
        """The same house, which trusts another authority as well."""
        text = self.configuration.read_text()
        self.configuration.write_text(f"{text}ca_file = {json.dumps(str(ca))}\n")
        return Connected(self.configuration, load(self.configuration))

    def look(self) -> ConnectorState:
        return look(self.settings, "family", "school")

    def command(self) -> list[str]:
        """The real program."""
        module = [sys.executable, "-m", "hearth.services.connector"]
        return [*module, "--pod=family", "--name=school", f"--config={self.configuration}"]

    def run(self) -> subprocess.CompletedProcess[str]:
        return subprocess.run(self.command(), capture_output=True, text=True, check=False)


def counts(state: ConnectorState) -> tuple[int, int, int, int]:
    return state.seen, state.added, state.changed, state.removed


def fault(state: ConnectorState) -> str:
    [failure] = state.failed
    return failure.message


def moment(state: ConnectorState) -> datetime:
    assert state.fetched is not None
    return state.fetched
