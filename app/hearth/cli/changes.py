"""`hearth confirm`, `hearth reject`, `hearth undo`: the member's word on a proposal."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

from hearth.cli.console import HubConsole
from hearth.cli.exits import reporting
from hearth.cli.options import As, AsJson, Config, Pod, out, print_json, settings_of
from hearth.core.api import Action

Id = Annotated[str, typer.Argument(metavar="ID", help="The proposal's id, as `ask` prints it.")]


def confirm(
    id_: Id, pod: Pod, as_: As = None, config: Config = None, as_json: AsJson = False
) -> None:
    """Have a proposed change made."""
    _say(lambda hub: hub.decide(pod, id_, "confirm"), as_, config, as_json=as_json)


def reject(
    id_: Id, pod: Pod, as_: As = None, config: Config = None, as_json: AsJson = False
) -> None:
    """Drop a proposed change."""
    _say(lambda hub: hub.decide(pod, id_, "reject"), as_, config, as_json=as_json)


def undo(id_: Id, pod: Pod, as_: As = None, config: Config = None, as_json: AsJson = False) -> None:
    """Take a confirmed change back."""
    _say(lambda hub: hub.undo(pod, id_), as_, config, as_json=as_json)


def _say(
    word: Callable[[HubConsole], Action], as_: str | None, config: Path | None, *, as_json: bool
) -> None:
    with reporting(as_json=as_json), HubConsole(settings_of(config), as_) as hub:
        action = word(hub)
    if as_json:
        print_json(action.model_dump(mode="json"))
    else:
        proposal = action.proposal
        out.print(f"{proposal.state.value.capitalize()}: {proposal.sentence}", markup=False)
