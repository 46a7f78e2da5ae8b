"""Whether a copy is still what its manifest says."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from pathlib import Path

from hearth.core.errors import Damaged
from hearth.ops.backup import manifest
from hearth.ops.backup.manifest import CopiedDatabase, CopiedFile, Manifest
from hearth.ops.backup.owners import Owner
from hearth.store import copies, integrity, revisions

_SHOWN = 5  # faults that one message names


def whole(folder: Path, owner: Owner) -> Manifest:
    """The manifest of the owner's copy in `folder`; Damaged where the copy is not what it says."""
    made = manifest.read(folder)
    faults = list(_faults(folder, made, owner))
    if faults:
        more = f" and {len(faults) - _SHOWN} more" if len(faults) > _SHOWN else ""
        raise Damaged(
            f"the copy of {owner.name} is damaged: {'; '.join(faults[:_SHOWN])}{more}",
            where=str(folder),
        )
    return made


def complete(found: Sequence[Manifest], owners: Sequence[Owner]) -> None:
    """Damaged unless there is a copy with a database for each owner."""
    empty = [made.owner for made in found if not made.databases]
    missing = [owner.name for owner in owners if owner.name not in {made.owner for made in found}]
    if empty:
        raise Damaged(f"there is no database in the copy of {', '.join(empty)}")
    if missing or not found:
        raise Damaged(f"there is no copy of {', '.join(missing) or 'anything'}")


def _faults(folder: Path, made: Manifest, owner: Owner) -> Iterator[str]:
    if made.owner != owner.name:
        yield f"it is the copy of {made.owner}"
    expected = {**made.databases, **made.files}
    # A link, wherever it points: no copy has any, and root would follow it.
    there = {
        str(path.relative_to(folder))
        for path in folder.rglob("*")
        if path.is_symlink() or not path.is_dir()
    }
    for name in sorted(there - expected.keys() - {manifest.NAME}):
        yield f"{name} does not belong to it"
    for name, file in made.files.items():
        yield from _file(folder / name, name, file)
    for name, database in made.databases.items():
        yield from _database(folder / name, name, database, owner)
    if owner.database.name not in made.databases:
        yield f"{owner.database.name} is not in it"


def _file(path: Path, name: str, file: CopiedFile) -> Iterator[str]:
    if path.is_symlink() or not path.is_file():
        yield f"{name} is missing"
        return
    now = manifest.measured(path, file.mode)
    if now.bytes != file.bytes:
        yield f"{name} has {now.bytes:,} bytes, not {file.bytes:,}"
    elif now.sha256 != file.sha256:
        yield f"{name} has changed"


def _database(path: Path, name: str, database: CopiedDatabase, owner: Owner) -> Iterator[str]:
    yield from _file(path, name, database)
    if path.is_symlink() or not path.is_file():
        return
    if fault := integrity.fault(path, thorough=True):
        yield f"{name}: {fault}"
        return
    try:
        held = copies.account(path)
    except sqlite3.DatabaseError as error:
        yield f"{name}: {error}"
        return
    if held.revision != database.revision:
        yield f"{name} is at revision {held.revision}, not {database.revision}"
    unknown = held.revision not in revisions.known(owner.schema)
    if unknown and not revisions.runs_on(owner.schema, held.revision, held.level):
        yield f"{name}: a newer version of Hearth has written it (revision {held.revision})"
    for table in sorted(held.rows.keys() | database.rows.keys()):
        now, then = held.rows.get(table), database.rows.get(table)
        if now != then:
            yield f"{name}: {table} has {_rows(now)}, not {_rows(then)}"


def _rows(count: int | None) -> str:
    return "no such table" if count is None else f"{count:,} rows"
