"""The database: whole or not at all, in our own words, migrated with a copy."""

from __future__ import annotations

import sqlite3
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import select

from hearth.core.errors import Damaged, StorageFull, Unavailable
from hearth.store import revisions
from hearth.store.database import Database
from hearth.store.migrate import migrate
from hearth.store.pod.tables import Base, ConversationRow

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)


def conversation(key: str, title: str = "t") -> ConversationRow:
    return ConversationRow(id=key, member="anna", title=title, created=NOW, updated=NOW)


@pytest.fixture
def database(tmp_path: Path) -> Database:
    migrate(tmp_path / "pod.sqlite3", "pod")
    return Database(tmp_path / "pod.sqlite3")


def ids(database: Database) -> list[str]:
    with database.read() as session:
        return list(session.scalars(select(ConversationRow.id)))


def test_pragmas_hold_on_every_connection(database: Database) -> None:
    with database.engine.connect() as connection:
        values = {
            name: connection.exec_driver_sql(f"PRAGMA {name}").scalar()
            for name in ("journal_mode", "foreign_keys", "synchronous", "busy_timeout")
        }
    assert values == {
        "journal_mode": "wal",
        "foreign_keys": 1,
        "synchronous": 2,
        "busy_timeout": 5000,
    }


def test_an_error_takes_the_whole_transaction_back(database: Database) -> None:
    def fail() -> None:
        with database.write() as session:
            session.add(conversation("a"))
            session.flush()
            raise LookupError

    with pytest.raises(LookupError):
        fail()
    assert ids(database) == []


def test_a_full_disk_is_said_and_changes_nothing(database: Database) -> None:
    with database.write() as session:
        session.add(conversation("before"))

    def fill() -> None:
        with database.write() as session:
            pages = session.connection().exec_driver_sql("PRAGMA page_count").scalar_one()
            session.connection().exec_driver_sql(f"PRAGMA max_page_count={pages}")
            for number in range(2_000):
                session.add(conversation(f"c{number}", "x" * 100))
            session.flush()

    with pytest.raises(StorageFull, match="disk is full") as caught:
        fill()
    assert caught.value.remedy
    assert ids(database) == ["before"]


def test_a_busy_database_is_said(database: Database) -> None:
    with database.engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA busy_timeout=10")
    holder = sqlite3.connect(database.path, isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")

    def write() -> None:
        with database.write() as session:
            session.add(conversation("late"))

    try:
        with pytest.raises(Unavailable, match="busy"):
            write()
    finally:
        holder.close()
    assert ids(database) == []


def test_a_damaged_file_is_said(tmp_path: Path) -> None:
    path = tmp_path / "pod.sqlite3"
    path.write_bytes(b"this is not a database" * 100)
    with pytest.raises(Damaged, match="damaged"):
        migrate(path, "pod")


def test_migrating_gives_the_very_schema_of_the_tables(tmp_path: Path) -> None:
    migrate(tmp_path / "migrated.sqlite3", "pod")
    made = Database(tmp_path / "made.sqlite3")
    Base.metadata.create_all(made.engine)
    made.close()

    def columns(path: Path) -> set[tuple[str, str, str, int]]:
        with sqlite3.connect(path) as plain:
            return {
                (table, column[1], column[2], column[3])
                for (table,) in plain.execute("SELECT name FROM sqlite_master WHERE type='table'")
                if not table.startswith(("chunks_fts", "alembic", "sqlite"))
                for column in plain.execute(f"PRAGMA table_info({table})")
            }

    assert columns(tmp_path / "migrated.sqlite3") == columns(tmp_path / "made.sqlite3")


def test_migrating_again_does_nothing_and_a_newer_database_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "pod.sqlite3"
    assert migrate(path, "pod") is not None
    assert migrate(path, "pod") is None
    with sqlite3.connect(path) as plain:
        plain.execute("UPDATE alembic_version SET version_num = '9999'")
    assert migrate(path, "pod") is None  # only expanded, as after a rollback
    with sqlite3.connect(path) as plain:
        plain.execute("PRAGMA user_version = 99")
    with pytest.raises(Damaged, match="9999"):
        migrate(path, "pod")


def test_revisions_are_those_that_alembic_sees(tmp_path: Path) -> None:
    schemas: tuple[revisions.Schema, ...] = ("pod", "hub")
    for schema in schemas:
        head = migrate(tmp_path / f"{schema}.sqlite3", schema)
        assert head == revisions.head(schema)
        assert head in revisions.known(schema)
