"""`hearth drill`: restore the newest backup aside, and see whether it lives."""

from __future__ import annotations

from uuid import uuid4

from rich.markup import escape

from hearth.cli.console import ending
from hearth.cli.exits import reporting
from hearth.cli.keys import needed
from hearth.cli.options import AsJson, Config, out, print_json, settings_of
from hearth.config import Settings
from hearth.core.api import TurnRequest
from hearth.core.errors import Unavailable
from hearth.core.people import Caller, Member, Right, Role
from hearth.core.turns import DoneEvent, ErrorEvent
from hearth.ops.backup.drill import Means
from hearth.ops.backup.drill import drill as run
from hearth.pod import grants
from hearth.pod.client import PodClient

_MEMBER = Member(id="drill", name="The drill", role=Role.GUEST)


def drill(config: Config = None, as_json: AsJson = False) -> None:
    """Restore the newest backup aside, compare it, and ask the restored pods."""

    def say(line: str) -> None:
        if not as_json:
            out.print(line, markup=False)

    with reporting(as_json=as_json):
        settings = settings_of(config)
        record = run(settings, Means(ask=ask, keys=needed(settings)), say)
    if as_json:
        print_json(record.model_dump(mode="json"))
    else:
        words = f"The drill went well: {record.questions} answers in {record.seconds} s."
        out.print(f"[green]{escape(words)}[/green]")


async def ask(settings: Settings, pod: str, question: str) -> None:
    """Put a question to a pod and wait for its answer; raises what the turn ended with."""
    key = settings.credential(grants.key_name(pod))
    client = PodClient(settings.socket(f"pod-{pod}", "hub"), key)
    caller = Caller(member=_MEMBER, pod=pod, rights=frozenset({Right.ASK}))
    try:
        door = client.door(caller)
        accepted = await door.accept(TurnRequest(id=uuid4().hex, text=question))
        async for _, event in door.events(accepted.turn):
            if isinstance(event, ErrorEvent):
                raise ending(event)
            if isinstance(event, DoneEvent):
                return
    finally:
        await client.close()
    raise Unavailable(f"the pod {pod!r} broke off in the middle of the answer")
