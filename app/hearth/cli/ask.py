"""`hearth ask`: one question, answered on the terminal as it is written."""

from __future__ import annotations

from typing import Annotated, Any

import typer
from rich.markup import escape

from hearth.cli.console import HubConsole, ending
from hearth.cli.exits import reporting
from hearth.cli.options import As, AsJson, Config, Pod, out, print_json, settings_of
from hearth.core.api import TurnAccepted
from hearth.core.errors import Unavailable
from hearth.core.turns import (
    DoneEvent,
    ErrorEvent,
    Proposal,
    StartEvent,
    TokenEvent,
    ToolEvent,
    TurnEvent,
)


def ask(
    question: Annotated[str, typer.Argument(help="The question, in quotes.")],
    pod: Pod,
    *,
    conversation: Annotated[
        str | None, typer.Option(metavar="ID", help="The conversation to go on with.")
    ] = None,
    as_: As = None,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Ask a pod. The answer's sources and proposals follow it."""
    with reporting(as_json=as_json), HubConsole(settings_of(config), as_) as hub:
        accepted = hub.ask(pod, question, conversation)
        done = follow(hub, pod, accepted, quiet=as_json)
        if as_json:
            print_json(_object(accepted, done))
        else:
            out.print(f"[dim]conversation {accepted.conversation}[/dim]")


def follow(hub: HubConsole, pod: str, accepted: TurnAccepted, *, quiet: bool = False) -> DoneEvent:
    """Show a turn as it runs; raises what it ended with, where it ended without an answer."""
    for event in hub.events(pod, accepted.turn):
        if isinstance(event, ErrorEvent):
            raise ending(event)
        if not quiet:
            _show(event, pod)
        if isinstance(event, DoneEvent):
            return event
    raise Unavailable("the answer broke off")


def _show(event: TurnEvent, pod: str) -> None:
    match event:
        case StartEvent(attempt=attempt) if attempt > 1:
            out.print("\n[yellow]The pod was interrupted and answers again.[/yellow]")
        case ToolEvent(call=call, summary=summary):
            out.print(f"[dim]{escape(call.tool)}: {escape(summary or 'done')}[/dim]")
        case TokenEvent(text=text):
            out.print(escape(text), end="")
        case DoneEvent():
            _show_end(event, pod)
        case _:
            pass  # citations and proposals are listed at the end, complete


def _show_end(done: DoneEvent, pod: str) -> None:
    out.print()
    for citation in done.message.citations:
        place = f", {citation.locator}" if citation.locator else ""
        words = f"[{citation.number}] {citation.title} ({citation.source}{place})"
        out.print(f"[dim]{escape(words)}[/dim]")
    for proposal in done.message.proposals:
        show_proposal(proposal, pod)


def show_proposal(proposal: Proposal, pod: str) -> None:
    """Say what is proposed and how it is confirmed."""
    out.print(f"[bold]Proposed:[/bold] {escape(proposal.sentence)}")
    out.print(f"[dim]hearth confirm {proposal.id} --pod {pod}[/dim]")


def _object(accepted: TurnAccepted, done: DoneEvent) -> dict[str, Any]:
    message = done.message.model_dump(mode="json")
    return {
        "answer": message["text"],
        "citations": message["citations"],
        "proposals": message["proposals"],
        "tools": message["tools"],
        "timings": done.timings.model_dump(mode="json"),
        "conversation": accepted.conversation,
        "turn": accepted.turn,
    }
