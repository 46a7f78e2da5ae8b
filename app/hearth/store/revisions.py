"""The revisions that this version knows, read without Alembic, which is slow to load."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import Literal

# Migrations only expand, so this version also runs on the schema of a later one, which a rollback
# leaves behind. One that does more raises LEVEL; the file carries it as `PRAGMA user_version`.
LEVEL = 1
Schema = Literal["pod", "hub"]
_FIELD = re.compile(r'^(revision|down_revision)\s*(?::[^=]+)?=\s*(?:"([^"]+)"|None)', re.MULTILINE)


@cache
def known(schema: Schema) -> frozenset[str]:
    """Every revision of a schema."""
    return frozenset(_steps(schema))


def runs_on(schema: Schema, revision: str | None, level: int) -> bool:
    """Whether this version's programs can use a database at that revision and level, as it is."""
    return revision == head(schema) or (
        revision is not None and revision not in known(schema) and level == LEVEL
    )


@cache
def head(schema: Schema) -> str:
    """The newest revision: the one that no other builds on."""
    steps = _steps(schema)
    (newest,) = steps.keys() - set(steps.values())
    return newest


def _steps(schema: Schema) -> dict[str, str | None]:
    """Each revision with the one before it."""
    folder = Path(__file__).parent / schema / "migrations" / "versions"
    steps: dict[str, str | None] = {}
    for path in folder.glob("[0-9]*.py"):
        fields: dict[str, str] = dict(_FIELD.findall(path.read_text("utf-8")))
        steps[fields["revision"]] = fields["down_revision"] or None
    return steps
