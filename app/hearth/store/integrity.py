"""Whether a database file is whole, asked without changing it."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path


def fault(path: Path, *, thorough: bool = False) -> str | None:
    """What is wrong with the SQLite file at `path`, or None; FileNotFoundError if it is missing.

    A thorough look also compares every index with its table.
    """
    check = "integrity_check" if thorough else "quick_check"
    if not path.exists():
        raise FileNotFoundError(path)
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as database:
            said = str(database.execute(f"PRAGMA {check}(1)").fetchone()[0])
            if said != "ok":
                return said
            orphan = database.execute("PRAGMA foreign_key_check").fetchone()
            return f"a row of {orphan[0]} belongs to nothing" if orphan else None
    except sqlite3.DatabaseError as error:
        return str(error)
