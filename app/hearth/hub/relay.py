"""Follows a turn to its end, also over a restart of the pod that answers it."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing

import anyio

from hearth.core.errors import Unavailable
from hearth.core.turns import DoneEvent, ErrorEvent, TurnEvent
from hearth.hub import metrics
from hearth.pod.client import PodDoor

_PAUSES = (0.1, 0.2, 0.4, 0.8, 1.5, 3.0, 5.0, 5.0, 5.0, 5.0)  # seconds; a restart fits in


async def follow(door: PodDoor, turn: str, after: int) -> AsyncGenerator[tuple[int, TurnEvent]]:
    """The events after number `after` until the turn has ended; Unavailable if the pod stays away.

    NotFound comes before the first event.
    """
    failures = 0
    while True:
        try:
            async with aclosing(door.events(turn, after)) as events:
                async for number, event in events:
                    failures, after = 0, number
                    metrics.TURN_EVENTS.labels(event.type).inc()
                    yield number, event
                    if isinstance(event, DoneEvent | ErrorEvent):
                        return
            if (await door.turn(turn)).state in {"done", "failed"}:
                return
        except Unavailable:
            if failures == len(_PAUSES):
                raise
        await anyio.sleep(_PAUSES[min(failures, len(_PAUSES) - 1)])
        failures += 1
