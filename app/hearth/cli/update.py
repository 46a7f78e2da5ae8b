"""`hearth update`: change to another version, and back when it is not well."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from hearth.cli.exits import reporting
from hearth.cli.options import AsJson, Config, configuration, out, print_json, settings_of
from hearth.config import load
from hearth.ops import signatures
from hearth.ops.update import Step, Watcher
from hearth.ops.update import update as change

app = typer.Typer(no_args_is_help=True, help="Another version of Hearth, and the way back.")


@app.command()
def run(
    new: Annotated[
        str | None,
        typer.Argument(help="What the commands take as {new}, or a signed file."),
    ] = None,
    *,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask after the difference.")] = False,
    without_backup: Annotated[
        bool, typer.Option("--without-backup", help="Even if no good backup is young enough.")
    ] = False,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Back up, show the difference, switch, judge; what is not well is taken back."""
    with reporting(as_json=as_json):
        path = configuration(config)
        watcher = _Silent(yes=yes) if as_json else _Shown(yes=yes)
        result = change(load(path), path, new, watcher.watcher(), needs_backup=not without_backup)
    if as_json:
        print_json(result.model_dump(mode="json"))
    elif result.outcome == "declined":
        out.print("Nothing was changed.")
    else:
        out.print("[green]The new version is well.[/green]")


@app.command()
def verify(
    file: Annotated[Path, typer.Argument(help="The update; its signature is FILE.sig.")],
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Check who signed an update from a stick; refuses one that nobody on the list has."""
    with reporting(as_json=as_json):
        signer = signatures.verify(file, settings_of(config).update.allowed_signers)
    if as_json:
        print_json({"file": str(file), "signer": signer})
    else:
        out.print(f"[green]{escape(str(file))} is signed by {escape(signer)}.[/green]")


class _Silent:
    """Shows nothing; agrees only where that was said before."""

    def __init__(self, *, yes: bool) -> None:
        self._yes = yes

    def watcher(self) -> Watcher:
        """What the update tells its steps."""
        return Watcher(self.begins, self.ended, self.agreed)

    def begins(self, step: str) -> None:
        """A step begins."""

    def ended(self, step: Step) -> None:
        """A step has ended."""

    def agreed(self, difference: str) -> bool:
        """Whether the difference is wanted."""
        return self._yes


class _Shown(_Silent):
    """Prints every step, and asks."""

    def begins(self, step: str) -> None:
        out.print(f"{step} …", markup=False)

    def ended(self, step: Step) -> None:
        mark = "[green]ok   [/green]" if step.ok else "[red]wrong[/red]"
        out.print(f"{mark}  {escape(step.name)}: {escape(step.said) or 'done'}")

    def agreed(self, difference: str) -> bool:
        return self._yes or typer.confirm("Change to this version?")
