"""The household's own folders: in the backup as they lie there, and back as they were."""

from __future__ import annotations

import grp
import json
import os
import pwd
import shutil
import stat
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path

from hearth.core.errors import Conflict, Damaged
from hearth.ops.backup import swap
from hearth.ops.backup.restore import Restored
from hearth.ops.backup.snapshot import CURRENT
from hearth.store import whole

Noted = Mapping[str, tuple[str, str]]  # user and group by path
_NOTE = "folders.json"


def place(unpacked: Path, folder: Path) -> Path:
    """Where restic puts a folder of the box below `unpacked`."""
    return unpacked / folder.relative_to("/")


def complete(unpacked: Path, folders: Iterable[Path]) -> None:
    """Damaged unless every folder is in the backup."""
    if missing := [str(folder) for folder in folders if not place(unpacked, folder).is_dir()]:
        raise Damaged(f"there is no {' and no '.join(missing)} in this backup")


def others(unpacked: Path) -> list[Path]:
    """What is in the backup beside the programs' copies, by the topmost folders."""
    tops = [path for path in unpacked.iterdir() if path.is_dir() and not (path / CURRENT).is_dir()]
    return sorted(Path("/") / path.name for path in tops)


def refuse_mounted(folders: Iterable[Path]) -> None:
    """Conflict where another disk is mounted: it cannot be put aside as a whole."""
    for folder in folders:
        if folder.is_mount():
            raise Conflict(
                "another disk is mounted here",
                where=str(folder),
                remedy="Unmount it, or restore elsewhere with --into DIR and copy from there.",
            )


def note(records: Path, folders: Iterable[Path]) -> Path:
    """Write down whose everything in the folders is, by name; the file that says so."""
    held = {str(path): names for folder in folders for path, names in _changes(folder)}
    path = records / _NOTE
    records.mkdir(parents=True, exist_ok=True, mode=0o700)
    whole.put(path, json.dumps(held, indent=1).encode())
    if os.geteuid() == 0:
        os.chown(path, records.stat().st_uid, records.stat().st_gid)
    return path


def noted(unpacked: Path, records: Path) -> Noted:
    """What was written down; nothing in a backup that has no such file."""
    try:
        held = json.loads((place(unpacked, records) / _NOTE).read_bytes())
    except FileNotFoundError:
        return {}
    return {str(path): (str(user), str(group)) for path, (user, group) in held.items()}


def put(
    unpacked: Path, folder: Path, made: datetime, owners: Noted, into: Path | None = None
) -> Restored:
    """Move a folder to where it was, or below `into`; what was there is kept beside it."""
    target = folder if into is None else into / folder.relative_to("/")
    target.parent.mkdir(parents=True, exist_ok=True)
    incoming = target.with_name(f".{target.name}.restoring")
    shutil.rmtree(incoming, ignore_errors=True)
    shutil.move(place(unpacked, folder), incoming)
    if os.geteuid() == 0:
        _own(incoming, folder, owners)
    before = target.with_name(f"{target.name}.before-restore-{datetime.now(UTC):%Y%m%dT%H%M%SZ}")
    swap.replace(target, incoming, before)
    return Restored(
        owner=str(folder),
        folder=target,
        made=made,
        databases=0,
        files=sum(path.is_file() for path in target.rglob("*")),
        before=before if before.exists() else None,
    )


def _changes(folder: Path) -> Iterator[tuple[Path, tuple[str, str]]]:
    """The owner and group of the folder, and of what in it has others than its folder."""
    own = {folder: _names(folder.lstat())}
    yield folder, own[folder]
    for name, folders, files in os.walk(folder):
        here = Path(name)
        for path in (here / one for one in (*folders, *files)):
            try:
                own[path] = _names(path.lstat())
            except FileNotFoundError:  # it went meanwhile
                continue
            if own[path] != own[here]:
                yield path, own[path]


def _names(status: os.stat_result) -> tuple[str, str]:
    try:
        user = pwd.getpwuid(status.st_uid).pw_name
    except KeyError:
        user = str(status.st_uid)
    try:
        return user, grp.getgrgid(status.st_gid).gr_name
    except KeyError:
        return user, str(status.st_gid)


def _own(incoming: Path, folder: Path, owners: Noted) -> None:
    """Everything belongs to whom it belonged; where that is nobody here, to its folder's owner."""
    ids = {incoming: _ids(owners, folder, (0, 0))}
    os.chown(incoming, *ids[incoming])
    # By the open folder and not by path: nobody can put a link in the way meanwhile.
    for name, folders, files, handle in os.fwalk(incoming, follow_symlinks=False):
        here = Path(name)
        for one in (*folders, *files):
            path = here / one
            mode = os.lstat(one, dir_fd=handle).st_mode
            ids[path] = _ids(owners, folder / path.relative_to(incoming), ids[here])
            os.chown(one, *ids[path], dir_fd=handle, follow_symlinks=False)
            if not stat.S_ISLNK(mode):  # a change of owner takes the special bits
                os.chmod(one, stat.S_IMODE(mode), dir_fd=handle)


def _ids(owners: Noted, path: Path, otherwise: tuple[int, int]) -> tuple[int, int]:
    if str(path) not in owners:
        return otherwise
    user, group = owners[str(path)]
    try:
        return pwd.getpwnam(user).pw_uid, grp.getgrnam(group).gr_gid
    except KeyError:
        return otherwise
