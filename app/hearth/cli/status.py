"""`hearth status`: how the house is, in a few lines."""

from __future__ import annotations

from datetime import datetime

import typer
from rich.filesize import decimal
from rich.markup import escape

from hearth.cli.exits import reporting
from hearth.cli.options import AsJson, Config, out, print_json, settings_of
from hearth.ops.box import Box, Trouble, look


def status(config: Config = None, as_json: AsJson = False) -> None:
    """Tell what needs you, the last backup and the last drill. Exits 1 if something cannot wait."""
    with reporting(as_json=as_json):
        box = look(settings_of(config))
    if as_json:
        print_json(box.model_dump(mode="json"))
    else:
        _show(box)
    raise typer.Exit(1 if box.grave else 0)


def _show(box: Box) -> None:
    out.print(f"Hearth {box.version}", markup=False)
    for trouble in box.troubles:
        _print_trouble(trouble)
    if box.well:
        out.print("[green]Everything is well.[/green]")
    if box.report is None:
        out.print("Nothing watches over this machine.", markup=False)
    else:
        up = sum(each.up for each in box.report.watched)
        at = f"{box.report.at.astimezone():%Y-%m-%d %H:%M}"
        out.print(f"Watched: {up} of {len(box.report.watched)} answer, at {at}.", markup=False)
    if box.backup is None or box.drill is None:
        out.print("No backups are set up.", markup=False)
        return
    good, drilled = box.backup.good, box.drill.good
    size = f", {decimal(box.backup.bytes)}" if good else ""
    out.print(f"Last good backup: {_when(good)}{size}.", markup=False)
    out.print(f"Last good drill: {_when(drilled)}.", markup=False)


def _print_trouble(trouble: Trouble) -> None:
    colour = "red" if trouble.severity == "critical" else "yellow"
    since = f" (since {_when(trouble.since)})" if trouble.since else ""
    out.print(f"[{colour}]{escape(trouble.what)}[/{colour}]{since}")
    out.print(f"  {escape(trouble.remedy)}")


def _when(moment: datetime | None) -> str:
    return f"{moment.astimezone():%Y-%m-%d %H:%M}" if moment else "none yet"
