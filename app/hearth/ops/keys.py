"""Makes the secrets that a house needs, and finds them again. Nothing is ever made twice."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path

from hearth.config import Settings
from hearth.core.errors import BadConfiguration, Unavailable
from hearth.store import whole

Maker = Callable[[], bytes]


def make(secrets: Mapping[str, Maker], folder: Path, *, encrypted: bool = False) -> list[str]:
    """Make the secrets that `folder` lacks, readable by their owner alone; the names of the new.

    Encrypted ones are credentials of systemd, for this machine alone: under its TPM2 where it has
    one, else under its host key (systemd-creds(1)).
    """
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    missing = [name for name in secrets if not (folder / name).exists()]
    for name in missing:
        secret = secrets[name]()
        whole.put(folder / name, _encrypted(name, secret) if encrypted else secret)
    return missing


def find(settings: Settings, name: str, file: Path | None = None) -> bytes:
    """A secret as this unit was given it; outside a unit from where units get it.

    That is `file` if one is named, else what systemd sealed, which only root can open, else
    `keys_dir`.
    """
    given = os.environ.get("CREDENTIALS_DIRECTORY")
    if given and (Path(given) / name).is_file():
        return settings.credential(name)
    if file is not None:
        return _read(file)
    sealed = None if settings.credentials_dir is None else settings.credentials_dir / name
    if sealed is not None and sealed.is_file():
        return _systemd_creds("decrypt", name, sealed.read_bytes())
    return settings.credential(name)


def replace(settings: Settings, name: str, secret: bytes) -> Path:
    """Put a secret in the place of one that was made here; where it lies now."""
    folder = settings.credentials_dir or settings.keys_dir
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    sealed = settings.credentials_dir is not None
    whole.put(folder / name, _encrypted(name, secret) if sealed else secret)
    return folder / name


def _read(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise BadConfiguration(
            f"this secret cannot be read: {error.strerror}", where=str(file)
        ) from error


def _encrypted(name: str, secret: bytes) -> bytes:
    return _systemd_creds("encrypt", name, secret, "--with-key=auto")


def _systemd_creds(verb: str, name: str, data: bytes, *options: str) -> bytes:
    command = ["systemd-creds", *options, f"--name={name}", verb, "-", "-"]
    try:
        done = subprocess.run(command, input=data, capture_output=True, check=False)
    except FileNotFoundError as error:
        raise Unavailable(
            "there is no systemd-creds here", remedy="Leave out --encrypted on this machine."
        ) from error
    if done.returncode:
        said = done.stderr.decode(errors="replace").strip().splitlines() or ["it did not say why"]
        raise Unavailable(
            f"systemd-creds cannot {verb} {name}: {said[-1]}", remedy="Run this as root."
        )
    return done.stdout
