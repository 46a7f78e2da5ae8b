"""The way back: unpacked aside, checked whole, and only then put in place."""

from __future__ import annotations

import os
import pwd
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from hearth.core.errors import Conflict, Damaged, NotFound
from hearth.ops.backup import manifest, swap, verify
from hearth.ops.backup.manifest import CONFIGURATION, Manifest
from hearth.ops.backup.owners import Owner
from hearth.ops.backup.restic import Restic, Snapshot
from hearth.ops.backup.snapshot import CURRENT
from hearth.ops.running import users


@dataclass(frozen=True)
class Restored:
    """What came back for one owner."""

    owner: str
    folder: Path
    made: datetime  # when the copy was made
    databases: int
    files: int
    before: Path | None  # what was there


def chosen(restic: Restic, wanted: str | None, host: str) -> Snapshot:
    """The backup whose id begins with `wanted`, or this host's newest; NotFound, Damaged.

    Where one cannot be read, nobody can tell which is the newest.
    """
    listing = restic.listing()
    if wanted:
        found = [one for one in listing.backups if one.id.startswith(wanted)]
        if len(found) == 1:
            return found[0]
    lost = [
        name
        for name in listing.unreadable
        if wanted is None or (wanted and name.startswith(wanted[: len(name)]))
    ]
    if lost:
        raise Damaged(
            f"the repository is damaged: it cannot read {_count(len(lost))} ({', '.join(lost)})",
            where=restic.repository,
            remedy="Check its disk, and begin a new repository on another one. To bring back an"
            " older backup, name it with --snapshot; `hearth backup list` shows what can be read.",
        )
    if wanted is not None:
        raise NotFound(
            f"there is no backup {wanted!r}", remedy="`hearth backup list` shows which there are."
        )
    if mine := [one for one in listing.backups if one.host == host]:
        return mine[-1]
    others = sorted({one.host for one in listing.backups})
    remedy = f"There are backups of {', '.join(others)}: name one with --snapshot."
    raise NotFound(
        f"there is no backup of {host!r}",
        where=restic.repository,
        remedy=remedy if others else "Run `hearth backup run` first.",
    )


def _count(backups: int) -> str:
    return "one of its backups" if backups == 1 else f"{backups} of its backups"


@contextmanager
def scratch(within: Path) -> Iterator[Path]:
    """A private folder that is gone afterwards; its owner is that of `within`, who fills it."""
    within.mkdir(parents=True, exist_ok=True, mode=0o700)
    folder = Path(tempfile.mkdtemp(prefix="restore-", dir=within))
    try:
        if os.geteuid() == 0:
            os.chown(folder, within.stat().st_uid, within.stat().st_gid)
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def unpacked(folder: Path, owner: Owner) -> Path:
    """Where restic puts an owner's copy below `folder`."""
    return folder / owner.name / CURRENT


def found_owners(folder: Path, into: Path) -> list[Owner]:
    """The owners whose copies were unpacked, as a house in `into` would lay them out."""
    names = sorted(path.name for path in folder.iterdir() if (path / CURRENT).is_dir())
    if not names:
        raise Damaged("there is nothing of Hearth in this backup", where=str(folder))
    return [
        Owner(name, into / "hub", "hub")
        if name == "hub"
        else Owner(name, into / "pods" / name.removeprefix("pod-"), "pod")
        for name in names
    ]


def checked(folder: Path, owners: Sequence[Owner]) -> dict[str, Manifest]:
    """Every owner's manifest, compared with all that was unpacked; Damaged."""
    made = {owner.name: verify.whole(unpacked(folder, owner), owner) for owner in owners}
    verify.complete(list(made.values()), owners)
    return made


def refuse_while_running(owners: Sequence[Owner]) -> None:
    """Conflict while a program has one of the directories in use."""
    for owner in owners:
        if processes := users(owner.folder):
            numbers = ", ".join(map(str, processes))
            raise Conflict(
                f"{owner.name} is running (process {numbers})",
                where=str(owner.folder),
                remedy="Stop Hearth first, or restore elsewhere with --into DIR.",
            )


def put(copy: Path, owner: Owner, made: Manifest) -> Restored:
    """Move a checked copy to its owner's directory; what was there is kept beside it."""
    target = owner.folder
    target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    incoming = target.with_name(f".{target.name}.restoring")
    shutil.rmtree(incoming, ignore_errors=True)
    shutil.move(copy, incoming)
    (incoming / manifest.NAME).unlink()
    shutil.rmtree(incoming / CONFIGURATION, ignore_errors=True)
    _own(incoming, owner, made)
    stamp = f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}"
    before = target.with_name(f"{target.name}.before-restore-{stamp}")
    swap.replace(target, incoming, before)
    return Restored(
        owner=owner.name,
        folder=target,
        made=made.made,
        databases=len(made.databases),
        files=len(made.files),
        before=before if before.exists() else None,
    )


def _own(folder: Path, owner: Owner, made: Manifest) -> None:
    """Permissions as they were; root also gives everything back to the program's user."""
    modes = {name: file.mode for name, file in {**made.files, **made.databases}.items()}
    ids = _ids(owner) if os.geteuid() == 0 else None
    for path in (folder, *folder.rglob("*")):
        if ids is not None:
            os.chown(path, *ids, follow_symlinks=False)
        path.chmod(0o700 if path.is_dir() else modes[str(path.relative_to(folder))])


def _ids(owner: Owner) -> tuple[int, int]:
    if owner.folder.exists():
        status = owner.folder.stat()
        return status.st_uid, status.st_gid
    try:
        user = pwd.getpwnam(f"hearth-{owner.name}")
    except KeyError:
        status = owner.folder.parent.stat()
        return status.st_uid, status.st_gid
    return user.pw_uid, user.pw_gid
