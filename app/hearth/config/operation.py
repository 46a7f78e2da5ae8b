"""The settings of the house's upkeep: backups, updates, and what watches over it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated

from pydantic import Field

from hearth.config.section import Section

Word = Annotated[str, Field(min_length=1)]
CredentialName = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")]
Command = tuple[Word, ...]
HostName = Annotated[str, Field(pattern=r"^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$")]


class BackupSettings(Section):
    """Where backups go, how many are kept, and what watches over them."""

    repository: str | None = Field(
        None,
        min_length=1,
        description="restic's repository: a folder (best on a USB disk), or `sftp:…`, "
        "`rest:…`, `s3:…`, `rclone:…`; no backups when not set.",
    )
    password: CredentialName = Field(
        "backup-password", description="Name of the credential that opens the repository."
    )
    password_file: Path | None = Field(
        None,
        description="Where that credential comes from, for commands that root runs outside a unit; "
        "not set, the one in `credentials_dir`.",
    )
    environment: CredentialName | None = Field(
        None,
        description="Name of a credential of KEY=VALUE lines that restic gets as its environment, "
        "for repositories that need more than a password.",
    )
    environment_file: Path | None = Field(
        None, description="Where that credential comes from, likewise."
    )
    login: CredentialName | None = Field(
        None,
        description="Name of the credential with the key that lets this machine in at an `sftp:` "
        "repository; not set, ssh's own configuration does.",
    )
    folders: tuple[Path, ...] = Field(
        (), description="Folders that are backed up and restored as they are, beside the programs'."
    )
    keep_daily: int = Field(7, ge=1, le=1_000, description="Daily backups that are kept.")
    keep_weekly: int = Field(5, ge=0, le=1_000, description="Weekly backups that are kept.")
    keep_monthly: int = Field(12, ge=0, le=1_000, description="Monthly backups that are kept.")
    max_age_hours: int = Field(
        24, ge=1, le=8_760, description="Hours after which the last good backup is too old."
    )
    staging_dir: Path | None = Field(
        None,
        description="Where consistent copies are laid out; `STATE_DIR/snapshots` when not set.",
    )
    record_dir: Path | None = Field(
        None, description="Where results are written down; `STATE_DIR/backups` when not set."
    )
    scratch_dir: Path | None = Field(
        None,
        description="Where a restore is checked first, and the drill runs; `STATE_DIR/scratch` "
        "when not set.",
    )
    metrics_dir: Path | None = Field(
        None, description="The folder of node exporter's textfile collector; none when not set."
    )


class UpdateSettings(Section):
    """How this machine changes to another version of Hearth, and back."""

    switch: Command = Field(
        (),
        description="Command that switches; `{new}` stands for what `hearth update run` is told.",
    )
    rollback: Command = Field((), description="Command that brings the version before back.")
    difference: Command = Field((), description="Command that prints what would change.")
    bring: Command = Field(
        (),
        description="Command that installs a signed file, for which `{file}` stands, beside what "
        "runs; its last line is what `{new}` then stands for.",
    )
    health: Command = Field(
        (),
        description="The new version's own `hearth health`; that of this version when not set.",
    )
    health_seconds: int = Field(
        180, ge=1, le=3_600, description="Seconds within which all must be well after a switch."
    )
    allowed_signers: Path | None = Field(
        None, description="Who may sign an offline update, as ssh-keygen's ALLOWED SIGNERS."
    )


class MonitoringSettings(Section):
    """Whose alerts the household is told of, and which certificates are looked at."""

    prometheus: str | None = Field(
        None,
        pattern=r"^http://127\.0\.0\.1:\d{1,5}$",
        description="Loopback address of the Prometheus that watches over the machine; nothing "
        "does when not set.",
    )
    report_dir: Path | None = Field(
        None,
        description="Where hearth-watch writes down what Prometheus says; `STATE_DIR/watch` when "
        "not set.",
    )
    certificates: tuple[HostName, ...] = Field(
        (), description="Names whose certificates this machine's own port 443 is asked for."
    )


def is_folder(repository: str) -> bool:
    """Whether a repository is a folder of this machine, rather than `sftp:…` and the like."""
    return re.match(r"[a-z0-9]+:", repository) is None
