"""A new box goes on in the repository of the box before: what the kit says becomes its own."""

from __future__ import annotations

from pathlib import Path

from hearth.config import Settings
from hearth.core.errors import BadConfiguration
from hearth.ops import keys
from hearth.ops.backup import sftp
from hearth.ops.backup.kit import Kit
from hearth.ops.backup.restic import Restic
from hearth.ops.backup.run import folder_of
from hearth.ops.backup.sftp import Login
from hearth.ops.backup.user import backup_user, hand_over

_GO_ON = (
    "To go on in the kit's, name {place} in services.hearth.backup.repository and restore again."
)
_NAME_A_FILE = "name a file with the kit's lines Environment, without that word."


def ours(settings: Settings, kit: Kit) -> bool:
    """Whether this box's own backups go to the kit's repository."""
    return settings.backup.repository == kit.repository


def opened(settings: Settings | None, kit: Kit) -> Restic:
    """The kit's repository. Where it is this box's own, it becomes the backup's user's."""
    login = _login(settings, kit)
    user = backup_user() if settings is not None and ours(settings, kit) else None
    folder = folder_of(settings) if settings is not None else None
    if user is not None and folder is not None:
        hand_over(folder, user)
    password = kit.password.encode()
    return Restic(kit.repository, password, kit.environment, user=user, login=login)


def _login(settings: Settings | None, kit: Kit) -> Login | None:
    """The kit's way in, or this box's own where the kit has none for the same repository."""
    if kit.login is None:
        return sftp.login(settings) if settings is not None and ours(settings, kit) else None
    there = sftp.server(kit.repository)
    return Login(there, sftp.typed(kit.login), sftp.shown(there, kit.server or ""))


def adopt(settings: Settings, kit: Kit, login: Login | None) -> list[str]:
    """Keep what opens the kit's repository as this box's own; what is left to do by hand."""
    backup = settings.backup
    if not ours(settings, kit):
        place = backup.repository or "no repository"
        return [f"Backups of this box go to {place}. {_GO_ON.format(place=kit.repository)}"]
    if login is not None and backup.login is not None:
        keys.replace(settings, backup.login, login.key.encode())
        sftp.keep(settings, login.known)
    left = _kept(settings, backup.password, backup.password_file, kit.password)
    if not kit.environment:
        return left
    if backup.environment is None:
        return [*left, f"services.hearth.backup.environmentFile: {_NAME_A_FILE}"]
    lines = "".join(f"{key}={value}\n" for key, value in kit.environment.items())
    return left + _kept(settings, backup.environment, backup.environment_file, lines)


def _kept(settings: Settings, name: str, file: Path | None, secret: str) -> list[str]:
    """Keep a secret, but where the box was given a file for it: that is its giver's to change."""
    if file is None:
        keys.replace(settings, name, secret.encode())
        return []
    try:
        same = keys.find(settings, name, file).decode().strip() == secret.strip()
    except BadConfiguration:
        same = False
    return [] if same else [f"{file}: put what the kit says of {name} into it."]
