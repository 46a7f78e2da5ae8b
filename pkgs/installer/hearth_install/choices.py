"""What the installer is told, checked: by questions or by a file on a stick."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from zoneinfo import ZoneInfo

from hearth_install.disks import Disk, size
from hearth_install.errors import CannotInstall

KINDS = ("family", "finance", "study", "health", "creator")
ENCRYPTIONS = ("none", "passphrase", "tpm2")
PASSPHRASE_LETTERS = 12
PASSWORD_LETTERS = 8
# Users of the box itself; an owner who is called so signs in to the house all the same.
TAKEN = re.compile(
    r"root|nobody|caddy|fail2ban|grafana|prometheus|sshd|avahi|messagebus|(nixbld|hearth).*"
)
KEYS = {
    "disk", "erase", "keep_data", "host_name", "time_zone", "encryption", "passphrase",
    "pods", "owner", "admin_password",
}  # fmt: skip


@dataclass(frozen=True)
class Sizes:
    """The fixed partitions, in GB; the data gets the rest."""

    root: int
    nix: int
    swap: int

    @property
    def least_disk(self) -> int:
        """The smallest disk, in bytes, that leaves the data as much as the system's root."""
        return (1 + 2 * self.root + self.nix + self.swap) * 1024**3


STANDARD = Sizes(root=40, nix=160, swap=32)
SMALL = Sizes(root=15, nix=50, swap=8)


@dataclass(frozen=True)
class Choices:
    """Everything that is asked."""

    disk: Disk
    keep_data: bool
    host_name: str
    time_zone: str
    encryption: str
    pods: tuple[str, ...]  # kinds; each becomes a pod of this name
    owner_login: str
    owner_name: str
    passphrase: str = field(default="", repr=False)  # opens an encrypted disk
    # At the box's own screen the owner has a shell with this; without it nobody has one.
    admin_password: str = field(default="", repr=False)

    @property
    def sizes(self) -> Sizes:
        """The partition sizes that fit the disk."""
        return STANDARD if self.disk.size >= STANDARD.least_disk else SMALL


def check(choices: Choices) -> Choices:
    """The choices, if they can be carried out."""
    disk = choices.disk
    if disk.in_use:
        raise CannotInstall(
            f"{disk.name} is in use; it may be the stick that this runs from. Choose another disk"
        )
    if disk.size < SMALL.least_disk:
        raise CannotInstall(
            f"{disk.name} holds {size(disk.size)}; a box needs {size(SMALL.least_disk)} or more"
        )
    if disk.in_the_way:
        raise CannotInstall(disk.in_the_way)
    if choices.keep_data:
        _can_keep(choices)
    _matches("host name", choices.host_name, r"[a-z][a-z0-9-]{0,30}[a-z0-9]", "small letters")
    _matches("owner's login", choices.owner_login, r"[a-z][a-z0-9._-]{0,31}", "small letters")
    _matches("owner's name", choices.owner_name, r"[^\x00-\x1f]{1,80}", "1 to 80 characters")
    _one_of("encryption", choices.encryption, ENCRYPTIONS)
    if choices.encryption != "none" and len(choices.passphrase) < PASSPHRASE_LETTERS:
        raise CannotInstall(f"the passphrase has fewer than {PASSPHRASE_LETTERS} letters")
    if choices.admin_password:
        if len(choices.admin_password) < PASSWORD_LETTERS:
            raise CannotInstall(
                f"the password for the box's screen has fewer than {PASSWORD_LETTERS} letters"
            )
        if TAKEN.fullmatch(choices.owner_login):
            raise CannotInstall(f"{choices.owner_login!r} is a user of the box: take another login")
    for pod in choices.pods:
        _one_of("pod", pod, KINDS)
    if not choices.pods:
        raise CannotInstall(f"choose at least one pod of {', '.join(KINDS)}")
    try:
        ZoneInfo(choices.time_zone)
    except (KeyError, ValueError, OSError) as error:
        raise CannotInstall(
            f"{choices.time_zone!r} is no time zone; write it like Europe/Berlin"
        ) from error
    return choices


def _can_keep(choices: Choices) -> None:
    """Data is kept as it lies: disko would encrypt it anew, over what is there."""
    data = choices.disk.data
    if data is None:
        raise CannotInstall(
            f"{choices.disk.name} holds no data of an earlier installation: install without "
            "--keep-data"
        )
    if data.filesystem not in ("ext4", "crypto_LUKS"):
        raise CannotInstall(
            f"{data.path} holds {data.filesystem or 'no file system'}: there is no data to keep"
        )
    if (data.filesystem == "crypto_LUKS") != (choices.encryption != "none"):
        remedy = "none" if data.filesystem == "ext4" else "passphrase or tpm2"
        raise CannotInstall(f"the data on {data.path} stays as it is: choose encryption {remedy}")


def from_file(text: str, disks: Mapping[str, Disk]) -> Choices:
    """The choices of an unattended installation; `disks` by every path that leads to each.

    Such a file must say `erase = true`: a stick that was left in a box must not empty it.
    """
    try:
        said = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise CannotInstall(f"install.toml: {error}") from error
    if unknown := sorted(said.keys() - KEYS):
        known = ", ".join(sorted(KEYS))
        raise CannotInstall(f"install.toml: unknown key {unknown[0]!r}; known: {known}")
    if said.get("erase") is not True:
        raise CannotInstall("install.toml: write erase = true to allow the disk to be erased")
    path = _text(said, "disk", None)
    if path not in disks:
        known = ", ".join(sorted(disks)) or "none"
        raise CannotInstall(f"install.toml: there is no disk {path!r}; found: {known}")
    keep_data, owner, pods = said.get("keep_data", False), said.get("owner", {}), said.get("pods")
    if not isinstance(keep_data, bool):
        raise CannotInstall("install.toml: keep_data is true or false")
    if not isinstance(owner, dict):
        raise CannotInstall('install.toml: write [owner] with login = "…" and name = "…"')
    if not isinstance(pods, list) or not all(isinstance(pod, str) for pod in pods):
        raise CannotInstall('install.toml: write pods = ["family", "finance"]')
    return check(
        Choices(
            disk=disks[path],
            keep_data=keep_data,
            host_name=_text(said, "host_name", "hearth"),
            time_zone=_text(said, "time_zone", "UTC"),
            encryption=_text(said, "encryption", "none"),
            pods=tuple(pods),
            owner_login=_text(owner, "login", "owner"),
            owner_name=_text(owner, "name", "Owner"),
            passphrase=_text(said, "passphrase", ""),
            admin_password=_text(said, "admin_password", ""),
        )
    )


def _text(table: dict[str, Any], key: str, default: str | None) -> str:
    value = table.get(key, default)
    if not isinstance(value, str):
        raise CannotInstall(f'install.toml: write {key} = "…"')
    return value


def _matches(what: str, value: str, pattern: str, rule: str) -> None:
    if re.fullmatch(pattern, value) is None:
        raise CannotInstall(f"{value!r} cannot be the {what}: {rule}, as in {pattern}")


def _one_of(what: str, value: str, known: tuple[str, ...]) -> None:
    if value not in known:
        raise CannotInstall(f"{value!r} is no {what}; known: {', '.join(known)}")
