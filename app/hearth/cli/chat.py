"""`hearth chat`: a conversation on the terminal."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass

from rich.markup import escape

from hearth.cli.ask import follow
from hearth.cli.console import HubConsole
from hearth.cli.exits import explain, reporting
from hearth.cli.options import As, Config, Pod, out, settings_of
from hearth.core.errors import HearthError

_HELP = "/confirm [ID], /reject [ID], /undo [ID], /new, /quit. Anything else is a question."


def chat(pod: Pod, as_: As = None, config: Config = None) -> None:
    """Talk with a pod. /help lists the commands; Ctrl-D ends."""
    with contextlib.suppress(ImportError):
        import readline  # noqa: F401, PLC0415 - gives input() its line editing and history
    with reporting(), HubConsole(settings_of(config), as_) as hub:
        member = hub.me().member
        hub.status(pod)
        out.print(f"[dim]{escape(member.name)} in {escape(pod)}. {escape(_HELP)}[/dim]")
        _Talk(hub, pod).run()


@dataclass
class _Talk:
    """One conversation, with what a bare /confirm or /undo means in it."""

    hub: HubConsole
    pod: str
    conversation: str | None = None
    proposed: str | None = None
    confirmed: str | None = None

    def run(self) -> None:
        """Read lines until the end; an error ends the line, not the conversation."""
        while (line := _line()) is not None:
            try:
                if not self._take(line.strip()):
                    return
            except HearthError as error:
                explain(error)

    def _take(self, line: str) -> bool:
        word, _, rest = line.partition(" ")
        match word:
            case "":
                pass
            case "/quit":
                return False
            case "/help":
                out.print(_HELP, markup=False)
            case "/new":
                self.conversation = None
            case "/confirm" | "/reject":
                self._decide(word[1:], rest or self.proposed)
            case "/undo":
                self._undo(rest or self.confirmed)
            case _:
                self._ask(line)
        return True

    def _ask(self, text: str) -> None:
        accepted = self.hub.ask(self.pod, text, self.conversation)
        self.conversation = accepted.conversation
        done = follow(self.hub, self.pod, accepted)
        if done.message.proposals:
            self.proposed = done.message.proposals[-1].id
            out.print("[dim]/confirm or /reject[/dim]")

    def _decide(self, word: str, proposal: str | None) -> None:
        if proposal is None:
            out.print("Nothing is proposed.")
            return
        action = self.hub.decide(self.pod, proposal, word)
        self.proposed = None
        if word == "confirm":
            self.confirmed = proposal
        state = action.proposal.state.value.capitalize()
        out.print(f"{state}: {action.proposal.sentence}", markup=False)

    def _undo(self, action: str | None) -> None:
        if action is None:
            out.print("Nothing was confirmed.")
            return
        undone = self.hub.undo(self.pod, action)
        self.confirmed = None
        out.print(f"Undone: {undone.proposal.sentence}", markup=False)


def _line() -> str | None:
    try:
        return input("> ")
    except EOFError:
        out.print()
        return None
