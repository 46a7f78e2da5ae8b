"""`hearth pod`: which pods there are, and what is in one."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.table import Table

from hearth.cli.connectors import connector_line
from hearth.cli.console import HubConsole
from hearth.cli.exits import explain, reporting
from hearth.cli.ingest import left_out
from hearth.cli.options import As, AsJson, Config, out, print_json, settings_of
from hearth.core.api import EngineState, PodStatus

app = typer.Typer(no_args_is_help=True, help="The pods of this house.")


@app.command(name="list")
def list_(as_: As = None, config: Config = None, as_json: AsJson = False) -> None:
    """List the pods in which the member has any right."""
    with reporting(as_json=as_json), HubConsole(settings_of(config), as_) as hub:
        me, cards = hub.me(), hub.pods()
    if as_json:
        rows = [card.model_dump() | {"rights": sorted(me.pods[card.name])} for card in cards]
        print_json({"pods": rows})
        return
    table = Table("pod", "title", "kind", "your rights", box=None)
    for card in cards:
        table.add_row(card.name, card.title, card.kind, ", ".join(sorted(me.pods[card.name])))
    out.print(table)


@app.command()
def status(
    name: Annotated[str, typer.Argument(help="The pod's name.")],
    as_: As = None,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Show what a pod holds, and which files it could not read."""
    with reporting(as_json=as_json), HubConsole(settings_of(config), as_) as hub:
        pod = hub.status(name)
    if as_json:
        print_json(pod.model_dump(mode="json"))
    else:
        _print(pod)


def _print(pod: PodStatus) -> None:
    out.print(f"{pod.title} ({pod.pod}, {pod.kind})", markup=False)
    for what in ("documents", "events", "transactions", "notes"):
        out.print(f"  {what}: {getattr(pod, what)}", markup=False)
    out.print(f"  tools: {', '.join(pod.tools)}", markup=False)
    if pod.engine is not None:
        out.print(f"  {_engine(pod.engine)}", markup=False)
    if pod.syncing:
        out.print("  is reading its folders now")
    for connector in pod.connectors:
        out.print(f"  {connector_line(connector)}", markup=False)
    for failure in (*pod.failed, *(one for each in pod.connectors for one in each.failed)):
        explain(left_out(failure))


def _engine(state: EngineState) -> str:
    if state.stands_in_for is None:
        return f"engine: {state.engine} answers"
    return (
        f"engine: {state.engine} answers in place of {state.stands_in_for}, which has been away "
        f"since {state.since:%Y-%m-%d %H:%M}; `hearth doctor` says why"
    )
