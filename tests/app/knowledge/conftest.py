"""A pod's database, and a house around it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from fakes import HashingEmbedder
from pod_house import House, build_house

from hearth.store.database import Database
from hearth.store.migrate import migrate


@pytest.fixture(scope="session")
def empty_pod(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """The file of a pod's database, migrated and empty."""
    path = tmp_path_factory.mktemp("empty") / "pod.sqlite3"
    migrate(path, "pod")
    database = Database(path)
    with database.engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    database.close()
    return path.read_bytes()


@pytest.fixture
def database(tmp_path: Path, empty_pod: bytes) -> Iterator[Database]:
    path = tmp_path / "pod" / "pod.sqlite3"
    path.parent.mkdir()
    path.write_bytes(empty_pod)
    database = Database(path)
    yield database
    database.close()


@pytest.fixture
def house(tmp_path: Path, database: Database) -> House:
    return build_house(tmp_path, database, HashingEmbedder())
