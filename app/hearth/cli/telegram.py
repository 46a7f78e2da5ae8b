"""`hearth telegram`: a member's Telegram account and a pod."""

from __future__ import annotations

import typer

from hearth.cli.console import HubConsole
from hearth.cli.exits import reporting
from hearth.cli.options import As, AsJson, Config, Pod, out, print_json, settings_of

app = typer.Typer(no_args_is_help=True, help="A member's Telegram account and a pod.")


@app.callback()
def _group() -> None:
    """Keeps `code` a command of its own while it is the only one."""


@app.command()
def code(pod: Pod, as_: As = None, config: Config = None, as_json: AsJson = False) -> None:
    """Make a one-time code that links a member's Telegram account; good for 15 minutes."""
    with reporting(as_json=as_json), HubConsole(settings_of(config), as_) as hub:
        made = hub.telegram_code(pod)
    if as_json:
        print_json(made.model_dump(mode="json"))
        return
    out.print(f"/start {made.code}", markup=False)
    out.print(
        "Send this to the pod's bot. Bots are not end-to-end encrypted: Telegram's servers can "
        "read what is written there.",
        markup=False,
    )
