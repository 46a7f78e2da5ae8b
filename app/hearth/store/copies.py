"""Copies of a live database, and an account of what one holds."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from hearth.core.errors import Damaged

_PATIENCE = 60.0  # seconds in which a busy program lets go of its database


@dataclass(frozen=True)
class Account:
    """What a database holds."""

    revision: str | None  # of the schema; None before the first migration
    level: int  # see store.revisions
    rows: dict[str, int]  # by table


def copy(source: Path, target: Path) -> None:
    """A consistent copy as one file, by SQLite's own online backup, while others write.

    Raises Damaged where `source` is not a whole database.
    """
    try:
        with closing(_reading(source)) as live, closing(sqlite3.connect(target)) as copied:
            live.backup(copied)
            copied.execute("PRAGMA journal_mode=DELETE")  # a copy has no log beside it
    except sqlite3.DatabaseError as error:
        raise Damaged(
            f"the database cannot be copied: {error}",
            where=str(source),
            remedy="`hearth doctor` looks closer; a backup from before may be whole.",
        ) from error


def account(path: Path) -> Account:
    """The schema's revision and the rows of every table; sqlite3.DatabaseError if damaged."""
    with closing(_reading(path)) as database:
        names = "SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name"
        tables = [str(row[0]) for row in database.execute(names)]
        rows = {table: _count(database, table) for table in tables}
        revision = _revision(database) if "alembic_version" in rows else None
        return Account(revision, _level(database), rows)


def schema_of(path: Path) -> tuple[str | None, int]:
    """The schema's revision and level alone; sqlite3.DatabaseError where they cannot be read."""
    with closing(_reading(path)) as database:
        return _revision(database), _level(database)


def _reading(path: Path) -> sqlite3.Connection:
    return sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, timeout=_PATIENCE)


def _count(database: sqlite3.Connection, table: str) -> int:
    quoted = table.replace('"', '""')
    return int(database.execute(f'SELECT count(*) FROM "{quoted}"').fetchone()[0])  # noqa: S608


def _level(database: sqlite3.Connection) -> int:
    return int(database.execute("PRAGMA user_version").fetchone()[0])


def _revision(database: sqlite3.Connection) -> str | None:
    row = database.execute("SELECT version_num FROM alembic_version").fetchone()
    return None if row is None else str(row[0])
