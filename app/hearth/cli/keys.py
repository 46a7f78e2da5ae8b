"""`hearth keys`: the secrets that a house makes for itself."""

from __future__ import annotations

import secrets
from pathlib import Path
from typing import Annotated

import typer

from hearth.cli.exits import reporting
from hearth.cli.options import AsJson, Config, out, print_json, settings_of
from hearth.config import Settings
from hearth.core.errors import BadInput
from hearth.ops import keys
from hearth.ops.backup import sftp
from hearth.pod import grants

_WORD_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"  # none that looks like another on paper
_WORDS, _LETTERS = 6, 5  # 148 bits

app = typer.Typer(no_args_is_help=True, help="The secrets that a house makes for itself.")


@app.command()
def make(
    *,
    encrypted: Annotated[
        bool, typer.Option("--encrypted", help="As systemd credentials, for this machine alone.")
    ] = False,
    into: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Where to; else STATE_DIR/keys.")
    ] = None,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Make the keys that are missing. A key that is there stays as it is."""
    with reporting(as_json=as_json):
        settings = settings_of(config)
        if encrypted and into is None:
            raise BadInput(
                "encrypted keys need a folder of their own",
                remedy="Name it: --into /var/lib/hearth/credentials.",
            )
        folder = (into or settings.keys_dir).absolute()
        made = keys.make(needed(settings), folder, encrypted=encrypted)
    if as_json:
        print_json({"folder": str(folder), "made": made})
    else:
        out.print(f"{folder}: {', '.join(made) or 'every key is there'}", markup=False)


def needed(settings: Settings) -> dict[str, keys.Maker]:
    """The secrets of this configuration that can be made by chance, and how."""
    backup = settings.backup
    made: dict[str, keys.Maker] = {grants.key_name(pod): grants.new_key for pod in settings.pods}
    if backup.repository is not None and backup.password_file is None:
        made[backup.password] = _password
    if backup.login is not None:
        made[backup.login] = sftp.new_key
    return made


def _password() -> bytes:
    """A password that can be copied from paper."""
    groups = (_group() for _ in range(_WORDS))
    return "-".join(groups).encode()


def _group() -> str:
    return "".join(secrets.choice(_WORD_LETTERS) for _ in range(_LETTERS))
