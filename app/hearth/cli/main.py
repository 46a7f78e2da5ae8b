"""`hearth`: the house from its own terminal."""

from __future__ import annotations

import sys
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape

import hearth
from hearth.cli import backup, config, connectors, exits, keys, models, pods, telegram, update
from hearth.cli.ask import ask
from hearth.cli.changes import confirm, reject, undo
from hearth.cli.chat import chat
from hearth.cli.doctor import doctor
from hearth.cli.drill import drill
from hearth.cli.elsewhere import key, trust
from hearth.cli.health import health
from hearth.cli.ingest import ingest
from hearth.cli.restore import restore
from hearth.cli.sample import sample
from hearth.cli.status import status
from hearth.cli.up import link, up

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="A private AI appliance for a household.",
)
_COMMANDS = (
    *(up, link, ask, chat, confirm, reject, undo, ingest, status, doctor, sample),
    *(restore, drill, health),
)
for command in _COMMANDS:
    app.command()(command)
app.add_typer(pods.app, name="pod")
app.add_typer(connectors.app, name="connector")
app.add_typer(models.app, name="models")
app.add_typer(config.app, name="config")
app.add_typer(keys.app, name="keys")
backup.app.command()(key)
backup.app.command()(trust)
app.add_typer(backup.app, name="backup")
app.add_typer(update.app, name="update")
app.add_typer(telegram.app, name="telegram")


@app.callback(invoke_without_command=True)
def _options(
    context: typer.Context,
    version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False,
    debug: Annotated[bool, typer.Option("--debug", help="Show tracebacks of errors.")] = False,
) -> None:
    exits.debugging = debug
    if version:
        typer.echo(f"hearth {hearth.__version__}")
        raise typer.Exit
    if context.invoked_subcommand is None:
        raise typer.BadParameter("a command is missing; `hearth --help` lists them")


def main() -> None:
    """Run the command line; whatever nobody foresaw becomes one line and exit code 1."""
    try:
        app()
    except Exception as error:
        if exits.debugging:
            raise
        words = escape(f"{type(error).__name__}: {error}")
        console = Console(stderr=True, soft_wrap=True)
        console.print(f"[red]Error:[/red] something unforeseen: {words}")
        console.print("`hearth --debug …` shows where; please report it.", markup=False)
        sys.exit(1)


if __name__ == "__main__":
    main()
