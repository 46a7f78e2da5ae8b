"""`hearth up`: the whole house on this machine, until Ctrl-C."""

from __future__ import annotations

import asyncio
import signal
from pathlib import Path
from typing import Annotated

import typer

from hearth.cli.console import HubConsole
from hearth.cli.exits import reporting
from hearth.cli.house import House
from hearth.cli.options import As, AsJson, Config, configuration, out, print_json
from hearth.cli.progress import StatusLines, show_log
from hearth.config import Settings, load
from hearth.ops.supervisor import Supervisor, units
from hearth.ops.supervisor.looks import looks


def up(
    config: Config = None,
    verbose: Annotated[
        bool, typer.Option("--verbose", help="Show what the programs write into their logs.")
    ] = False,
) -> None:
    """Start the hub, the pods and the model server, and keep them running until Ctrl-C."""
    with reporting():
        path = configuration(config)
        settings = load(path)
        with House(settings, path).held() as house:
            if house.holder is None:
                house.prepare()
                _run(settings, path, verbose=verbose)
            else:
                out.print(f"Hearth is already running (process {house.holder}).")
                _welcome(settings)


def link(as_: As = None, config: Config = None, as_json: AsJson = False) -> None:
    """Make a one-time sign-in link for a member; it is good for 15 minutes."""
    with reporting(as_json=as_json):
        name, url = _link(load(configuration(config)), as_)
    if as_json:
        print_json({"name": name, "url": url})
    else:
        out.print(url, markup=False)


def _run(settings: Settings, path: Path, *, verbose: bool) -> None:
    try:
        asyncio.run(_house(settings, path, verbose=verbose))
    except asyncio.CancelledError:
        out.print("Stopped.")


async def _house(settings: Settings, path: Path, *, verbose: bool) -> None:
    _stop_on_signals()
    chosen = units(settings, path)
    with StatusLines(unit.name for unit in chosen) as lines:
        supervisor = Supervisor(settings, chosen, lines)
        tails = [show_log(*log) for log in supervisor.logs.items()] if verbose else []
        shown = asyncio.gather(*tails)
        async with supervisor.running():
            lines.all_ready()
            await asyncio.to_thread(_welcome, settings)
            out.print("Ctrl-C stops it.")
            await asyncio.gather(shown, looks(settings, path), asyncio.Event().wait())


def _stop_on_signals() -> None:
    running = asyncio.current_task()
    assert running is not None

    def stop() -> None:
        if not running.cancelling():  # a second Ctrl-C must not cut the stopping short
            out.print("Stopping.")
            running.cancel()

    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        loop.add_signal_handler(number, stop)


def _welcome(settings: Settings) -> None:
    name, url = _link(settings, None)
    out.print(f"\nHearth is ready at {settings.hub.public_url or 'http://' + settings.hub.listen}")
    out.print(f"Sign in as {name} with this link; it works once:\n{url}\n", markup=False)


def _link(settings: Settings, login: str | None) -> tuple[str, str]:
    with HubConsole(settings) as owner, HubConsole(settings, login) as hub:
        member = hub.me().member
        return member.name, owner.sign_in_link(member.id).url
