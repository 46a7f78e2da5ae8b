"""`hearth backup key` and `trust`: to be let in at the machine with the repository."""

from __future__ import annotations

from typing import Annotated

import typer

from hearth.cli.exits import reporting
from hearth.cli.options import Config, out, settings_of
from hearth.config import Settings
from hearth.core.errors import BadConfiguration
from hearth.ops import keys
from hearth.ops.backup import sftp
from hearth.ops.backup.run import host


def key(config: Config = None) -> None:
    """Print the line that lets this box in at the machine with an `sftp:` repository."""
    with reporting():
        settings = settings_of(config)
        sftp.server(settings.backup.repository)
        line = sftp.public(keys.find(settings, _credential(settings)).decode())
        typer.echo(f"{line} hearth-backup@{host()}")


def trust(
    *,
    fingerprint: Annotated[
        str | None,
        typer.Option(metavar="SHA256:…", help="The key that is expected; nobody is asked then."),
    ] = None,
    config: Config = None,
) -> None:
    """Show the key of the machine with an `sftp:` repository, and refuse any other from now on."""
    with reporting():
        settings = settings_of(config)
        there = sftp.server(settings.backup.repository)
        _credential(settings)
        line = sftp.shown(there, fingerprint) if fingerprint else sftp.offered(there)[0]
        if not fingerprint:
            _ask(there.host, line)
        sftp.keep(settings, line)
        out.print(f"{there.host} is known by {sftp.fingerprint(line)}.", markup=False)


def _ask(name: str, line: str) -> None:
    kind = line.split()[1]
    out.print(f"{name} shows this key:\n\n  {kind} {sftp.fingerprint(line)}\n", markup=False)
    out.print("Compare it with what that machine says of itself. At its own screen:", markup=False)
    out.print("  ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub\n", markup=False)
    typer.confirm("Is it the same?", abort=True)


def _credential(settings: Settings) -> str:
    if settings.backup.login is None:
        raise BadConfiguration(
            "this machine's own ssh settings let it in",
            where="backup.login",
            remedy="Name a credential there for a key of the backup's own.",
        )
    return settings.backup.login
