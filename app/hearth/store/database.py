"""One SQLite file behind SQLAlchemy: pragmas, sessions, and errors in our own words."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, create_engine, event
from sqlalchemy.exc import DatabaseError, OperationalError
from sqlalchemy.orm import Session, sessionmaker

from hearth.core.errors import Damaged, StorageFull, Unavailable

_BUSY_MILLISECONDS = 5_000


class Database:
    """A SQLite file in WAL mode with foreign keys on. Sessions are short and belong to a thread."""

    def __init__(self, path: Path) -> None:
        self.path = path
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        self.engine: Engine = create_engine(f"sqlite:///{path}")
        event.listen(self.engine, "connect", _configure)
        self._sessions = sessionmaker(self.engine, expire_on_commit=False)

    @contextmanager
    def read(self) -> Iterator[Session]:
        """A session for reading; nothing of it is written."""
        with translated(self.path), self._sessions() as session:
            yield session

    @contextmanager
    def write(self) -> Iterator[Session]:
        """A session that commits on leaving, or rolls back whole when an error leaves it."""
        with translated(self.path), self._sessions.begin() as session:
            # Taking the write lock at once lets two writers queue instead of failing half-way.
            session.connection().exec_driver_sql("BEGIN IMMEDIATE")
            yield session

    def close(self) -> None:
        """Close every idle connection; the last one folds the WAL into the file.

        The next session opens its own again.
        """
        self.engine.dispose()


@contextmanager
def translated(path: Path) -> Iterator[None]:
    """Turn SQLite's own failures into Hearth's errors."""
    try:
        yield
    except OperationalError as error:
        reason = str(error.orig)
        if "full" in reason or "disk I/O error" in reason:
            raise StorageFull(
                "the disk is full; nothing was changed",
                where=str(path),
                remedy="Free some space and try again.",
            ) from error
        if "locked" in reason or "busy" in reason:
            raise Unavailable(
                "the database is busy; nothing was changed",
                where=str(path),
                remedy="Try again in a moment.",
            ) from error
        raise
    except DatabaseError as error:
        if "malformed" in str(error.orig) or "not a database" in str(error.orig):
            raise Damaged(
                "the database is damaged",
                where=str(path),
                remedy="Restore it from a backup; `hearth doctor` tells which.",
            ) from error
        raise


def _configure(connection: Any, _record: Any) -> None:
    # Autocommit in the driver: transactions begin where `write` says so, not at the first INSERT.
    connection.isolation_level = None
    for pragma in (
        "journal_mode=WAL",
        "foreign_keys=ON",
        "synchronous=FULL",  # what was acknowledged survives a power cut
        f"busy_timeout={_BUSY_MILLISECONDS}",
        "secure_delete=ON",  # what was forgotten leaves no bytes behind
        "cache_size=-4096",
    ):
        connection.execute(f"PRAGMA {pragma}")
