"""Brings a database to this version's schema, keeping a copy of what was there before.

Migrations only expand: the previous version of Hearth runs on the new schema as well, so that a
rollback loses nothing. Only the migration program imports this module, to keep Alembic out of the
memory of the services.
"""

from __future__ import annotations

import sqlite3
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from hearth.core.errors import Damaged
from hearth.store.database import Database, translated
from hearth.store.revisions import LEVEL, Schema

_COPIES_KEPT = 3


def migrate(path: Path, schema: Schema) -> str | None:
    """Migrate the SQLite file at `path`, or make it.

    Returns the revision it came to, or None when it was there already, or beyond: a newer Hearth
    that only expanded the schema leaves it usable. Raises Damaged when a newer one did more, or
    when the file is not a database.
    """
    database = Database(path)
    try:
        with translated(path), database.engine.connect() as connection:
            now = MigrationContext.configure(connection).get_current_revision()
            connection.rollback()
            config = _config(schema)
            script = ScriptDirectory.from_config(config)
            head = script.get_current_head()
            level = int(connection.exec_driver_sql("PRAGMA user_version").scalar_one())
            connection.rollback()
            if now == head and level == LEVEL:
                return None
            if now is not None and not _is_known(script, now):
                _refuse_unless_expanded(now, level, path)
                return None
            if now is not None and now != head:
                _copy(path, now)
            config.attributes["connection"] = connection
            connection.exec_driver_sql("BEGIN IMMEDIATE")
            command.upgrade(config, "head")
            connection.exec_driver_sql(f"PRAGMA user_version = {LEVEL}")
            connection.commit()
            return None if now == head else head
    finally:
        database.close()


def _config(schema: Schema) -> Config:
    config = Config()
    folder = Path(__file__).parent / schema / "migrations"
    config.set_main_option("script_location", str(folder))
    config.set_main_option("path_separator", "os")
    return config


def _is_known(script: ScriptDirectory, revision: str) -> bool:
    return revision in {entry.revision for entry in script.walk_revisions()}


def _refuse_unless_expanded(revision: str, level: int, path: Path) -> None:
    if level != LEVEL:
        raise Damaged(
            f"this database is at revision {revision}, which this version does not know",
            where=str(path),
            remedy="Start the newer version of Hearth that wrote it.",
        )


def _copy(path: Path, revision: str) -> None:
    """A consistent copy beside the database, by SQLite's own online backup."""
    target = path.with_name(f"{path.stem}.before-{revision}.sqlite3")
    with sqlite3.connect(path) as source, sqlite3.connect(target) as copy:
        source.backup(copy)
    copies = sorted(path.parent.glob(f"{path.stem}.before-*.sqlite3"), key=_modified)
    for old in copies[:-_COPIES_KEPT]:
        old.unlink()


def _modified(path: Path) -> float:
    return path.stat().st_mtime
