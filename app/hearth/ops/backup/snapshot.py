"""Lays out a consistent copy of what one owner has, for the backup to fetch.

On the box each owner runs this for itself: nobody else may read its directory. The copy's group is
the one of the folder it is laid into, where that folder hands its group down (setgid).
"""

from __future__ import annotations

import fcntl
import os
import shutil
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import hearth
from hearth.config import Settings
from hearth.core.errors import Busy, NotFound
from hearth.ops.backup import manifest, swap
from hearth.ops.backup.manifest import CONFIGURATION, CopiedDatabase, CopiedFile, Manifest
from hearth.ops.backup.owners import Owner
from hearth.store import copies

CURRENT = "current"
DRAFTS = ".making"
# What is made anew from the database, and what a killed program left.
_CACHES = frozenset({"vectors.hnsw", "vectors.json"})
_DATABASE_PARTS = (".sqlite3", ".sqlite3-wal", ".sqlite3-shm", ".sqlite3-journal")


def take(owner: Owner, into: Path, configuration: Path | None = None) -> Manifest:
    """Copy what `owner` has to INTO/OWNER/current, in place of the copy before.

    Raises NotFound when there is nothing yet, Damaged for a database that cannot be read.
    """
    if not owner.database.exists():
        raise NotFound(
            f"{owner.name} has no database yet",
            where=str(owner.database),
            remedy="Start Hearth once, then copy.",
        )
    place = into / owner.name
    place.mkdir(parents=True, exist_ok=True, mode=0o700)
    with _alone(place, owner):
        draft, aside = place / DRAFTS, place / f"{DRAFTS}-old"
        for left in (draft, aside):
            shutil.rmtree(left, ignore_errors=True)
        draft.mkdir(mode=0o700)
        made = _fill(draft, owner, configuration)
        (draft / manifest.NAME).write_text(made.model_dump_json(indent=1) + "\n", "utf-8")
        _hand_over(draft, owner)
        swap.replace(place / CURRENT, draft, aside)
        shutil.rmtree(aside, ignore_errors=True)
    return made


def databases_only(owner: Owner, into: Path) -> Path:
    """A copy of the owner's database alone, INTO/OWNER.sqlite3; what an update keeps."""
    into.mkdir(parents=True, exist_ok=True, mode=0o700)
    target = into / f"{owner.name}.sqlite3"
    copies.copy(owner.database, target)
    target.chmod(0o600)
    return target


def staged(settings: Settings, owner: Owner) -> Path:
    """Where the owner's newest copy lies."""
    return settings.staging / owner.name / CURRENT


@contextmanager
def _alone(place: Path, owner: Owner) -> Iterator[None]:
    with (place / ".lock").open("w") as lock:
        if os.geteuid() == 0:  # else the owner itself could not open it the next time
            os.fchown(lock.fileno(), owner.folder.stat().st_uid, -1)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise Busy("another copy is being made", where=str(place)) from error
        yield


def _fill(draft: Path, owner: Owner, configuration: Path | None) -> Manifest:
    made = datetime.now(UTC)
    databases = dict(_databases(draft, owner.folder))
    files = dict(_files(draft, owner.folder))
    if owner.schema == "hub" and configuration is not None:
        target = draft / CONFIGURATION / configuration.name
        target.parent.mkdir(mode=0o700)
        shutil.copyfile(configuration, target)
        files[str(target.relative_to(draft))] = manifest.measured(target, 0o600)
    return Manifest(
        hearth=hearth.__version__, owner=owner.name, made=made, databases=databases, files=files
    )


def _databases(draft: Path, folder: Path) -> Iterator[tuple[str, CopiedDatabase]]:
    for path in sorted(folder.glob("*.sqlite3")):
        if ".before-" in path.name:  # migrations keep these for themselves
            continue
        target = draft / path.name
        copies.copy(path, target)
        held = copies.account(target)
        file = manifest.measured(target, stat.S_IMODE(path.stat().st_mode))
        yield (
            path.name,
            CopiedDatabase(**file.model_dump(), revision=held.revision, rows=held.rows),
        )


def _files(draft: Path, folder: Path) -> Iterator[tuple[str, CopiedFile]]:
    """Every other file; a file that vanishes meanwhile was not there."""
    for parent, folders, names in os.walk(folder):
        folders.sort()
        for name in sorted(names):
            path = Path(parent) / name
            if name in _CACHES or name.endswith(_DATABASE_PARTS) or not _is_plain(path):
                continue
            target = draft / path.relative_to(folder)
            target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            try:
                shutil.copyfile(path, target)
                mode = stat.S_IMODE(path.stat().st_mode)
            except FileNotFoundError:
                target.unlink(missing_ok=True)
                continue
            yield str(target.relative_to(draft)), manifest.measured(target, mode)


def _is_plain(path: Path) -> bool:
    try:
        return stat.S_ISREG(path.lstat().st_mode)
    except FileNotFoundError:
        return False


def _hand_over(draft: Path, owner: Owner) -> None:
    """Let the group in where the folder says so; what root copied belongs to its owner."""
    shared = bool(draft.parent.stat().st_mode & stat.S_ISGID)
    group = draft.parent.stat().st_gid if shared else -1
    user = owner.folder.stat().st_uid if os.geteuid() == 0 else -1
    for path in (draft, *draft.rglob("*")):
        os.chown(path, user, group)
        private = 0o700 if path.is_dir() else 0o600
        path.chmod(private | (private >> 3 & 0o050) if shared else private)
