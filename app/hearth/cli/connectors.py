"""`hearth connector`: fetch for a pod what lies elsewhere."""

from __future__ import annotations

from typing import Annotated

import typer

from hearth.cli.exits import EXIT_BY_CODE, explain, reporting
from hearth.cli.ingest import left_out
from hearth.cli.options import AsJson, Config, out, print_json, settings_of
from hearth.config import Settings, connector_program
from hearth.connectors.looking import look
from hearth.core.api import ConnectorState
from hearth.core.errors import Conflict, NotFound, Unavailable
from hearth.ops.box import BOX_RUNTIME

app = typer.Typer(no_args_is_help=True, help="What is fetched for the pods from elsewhere.")


@app.command()
def run(
    names: Annotated[
        list[str] | None,
        typer.Argument(metavar="[NAME]...", help="Which connectors; all of them when none."),
    ] = None,
    pod: Annotated[
        str | None, typer.Option("--pod", metavar="NAME", help="The pod; every one when none.")
    ] = None,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Look now whether there is anything new to fetch. Exits 6 if any look failed."""
    with reporting(as_json=as_json):
        settings = settings_of(config)
        chosen = _chosen(settings, pod, names)
        states = [(each, look(settings, *each)) for each in chosen]
    if as_json:
        print_json({"looks": [{"pod": p} | s.model_dump(mode="json") for (p, _), s in states]})
    else:
        for (each, _), state in states:
            out.print(f"{each}: {connector_line(state)}", markup=False)
            for failure in state.failed:
                explain(left_out(failure))
    if any(state.failed for _, state in states):
        raise typer.Exit(EXIT_BY_CODE[Unavailable.code])


def connector_line(state: ConnectorState) -> str:
    """A connector's last look in a line."""
    counts = f"{state.added} added, {state.changed} changed, {state.removed} removed"
    told = "the last look failed" if state.failed else counts
    current = f"current on {state.fetched:%Y-%m-%d %H:%M} UTC" if state.fetched else "never fetched"
    events = "1 event" if state.seen == 1 else f"{state.seen:,} events"
    return f"{state.name}: {events}; {told}; {current}"


def _chosen(settings: Settings, pod: str | None, names: list[str] | None) -> list[tuple[str, str]]:
    every = [
        (name, connector)
        for name, each in settings.pods.items()
        for connector in each.connectors
        if pod in (None, name) and (not names or connector in names)
    ]
    if not every:
        raise NotFound(
            "no such connector is configured",
            remedy="docs/connectors.md shows how one is added.",
        )
    if settings.runtime == BOX_RUNTIME:
        units = " ".join(f"hearth-{connector_program(*each)}" for each in every)
        raise Conflict(
            "on a box each connector runs as its own unit", remedy=f"systemctl start {units}"
        )
    return every
