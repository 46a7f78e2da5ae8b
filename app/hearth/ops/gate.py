"""The health gate: is this version of Hearth up and well on these databases?"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from hearth.config import Settings
from hearth.ops.backup.owners import Owner, owners
from hearth.ops.doctor import Finding, program
from hearth.ops.supervisor import units
from hearth.store import copies, revisions

_PAUSE_SECONDS = 0.5


def gate(settings: Settings, configuration: Path, wait: float = 0.0) -> list[Finding]:
    """What was found at the end: as soon as all is well, or after `wait` seconds."""
    deadline = time.monotonic() + wait
    while True:
        findings = list(_look(settings, configuration))
        if all(finding.ok for finding in findings) or time.monotonic() >= deadline:
            return findings
        time.sleep(_PAUSE_SECONDS)


def _look(settings: Settings, configuration: Path) -> Iterator[Finding]:
    chosen = units(settings, configuration)
    with ThreadPoolExecutor(max_workers=len(chosen)) as pool:  # one that hangs delays no other
        yield from pool.map(lambda unit: program(unit, settings), chosen)
    yield from map(_schema, owners(settings))


def _schema(owner: Owner) -> Finding:
    what, path = f"schema {owner.name}", owner.database
    if not path.exists():
        return Finding(what, False, f"{path} is missing", "Run the migration (hearth-migrate).")
    try:
        revision, level = copies.schema_of(path)
    except sqlite3.DatabaseError as error:
        return Finding(what, False, f"{path}: {error}", "`hearth doctor` looks closer.")
    if revisions.runs_on(owner.schema, revision, level):
        return Finding(what, True, f"revision {revision}")
    known = revisions.head(owner.schema)
    return Finding(
        what,
        False,
        f"{path} is at revision {revision}, and this version needs {known}",
        "Run the migration (hearth-migrate), or the newer version of Hearth that wrote it.",
    )
