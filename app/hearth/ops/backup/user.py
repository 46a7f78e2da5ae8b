"""Whose the repository is: the backup's own user, whom root's commands run restic as.

What root wrote there, the nightly backup could neither read nor remove; and the keys of a
repository on another machine lie with that user.
"""

from __future__ import annotations

import os
import pwd
from dataclasses import dataclass
from pathlib import Path
from typing import Any

NAME = "hearth-backup"  # modules/platform/backup
_PARTS = frozenset({"config", "data", "index", "keys", "locks", "snapshots"})  # restic's design.rst


@dataclass(frozen=True)
class User:
    """A user of this machine."""

    name: str
    number: int
    group: int
    home: str

    def identity(self) -> dict[str, Any]:
        """What makes subprocess run a program as this user, with all of its groups."""
        groups = os.getgrouplist(self.name, self.group)
        return {"user": self.number, "group": self.group, "extra_groups": groups}


def backup_user() -> User | None:
    """The backup's user, for root on a box; else nobody: everyone acts as themselves."""
    return named(NAME) if os.geteuid() == 0 else None


def named(name: str) -> User | None:
    """A user by name."""
    try:
        found = pwd.getpwnam(name)
    except KeyError:
        return None
    return User(found.pw_name, found.pw_uid, found.pw_gid, found.pw_dir)


def make(folder: Path, user: User) -> None:
    """Make a repository's folder where there is none, and give it to `user`."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    os.chown(folder, user.number, user.group)


def hand_over(folder: Path, user: User) -> None:
    """Give a repository that came from elsewhere to `user`, and nothing that lies beside it."""
    if not (folder / "config").is_file():
        return
    os.chown(folder, user.number, user.group)
    # By the open folder and not by path: nobody can put a link in the way meanwhile.
    for place, folders, files, handle in os.fwalk(folder, follow_symlinks=False):
        if Path(place) == folder:
            folders[:] = _PARTS & set(folders)
        parts = _PARTS & set(files) if Path(place) == folder else files
        for name in (*folders, *parts):
            os.chown(name, user.number, user.group, dir_fd=handle, follow_symlinks=False)
