"""A model's process that answers numbered requests, for many event loops at once."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from hearth.core.errors import Busy, HearthError, Unavailable, from_problem
from hearth.inference.workers.child import USUAL, Child, Limits, Message, Stopped

_RETRY_SECONDS = 5.0
_RESTART_SECONDS = 60.0  # that a request waits for a process that is being started again
_LOOK_SECONDS = 0.05


class Inbox:
    """What the process says about one request, for the event loop that asked."""

    def __init__(self, number: int) -> None:
        self.number = number
        self._loop = asyncio.get_running_loop()
        self._events: asyncio.Queue[Any] = asyncio.Queue()

    def put(self, events: Sequence[Any]) -> None:
        """Called from the reading thread."""

        def hand_over() -> None:
            for event in events:
                self._events.put_nowait(event)

        with contextlib.suppress(RuntimeError):  # the loop has closed; nobody listens
            self._loop.call_soon_threadsafe(hand_over)

    async def get(self) -> Any:
        """The next event; raises it if it is an error."""
        event = await self._events.get()
        if isinstance(event, HearthError):
            raise event
        return event


class ModelProcess:
    """Sends requests, hands out what comes back, and fails what a dead process leaves behind.

    `hear` gets each message that is about no single failed request, and calls `tell`.
    """

    def __init__(
        self,
        name: str,
        command: Sequence[str],
        spec: Message,
        *,
        hear: Callable[[Message], None],
        ready: Callable[[Any], None] = lambda _: None,
        environment: Mapping[str, str] | None = None,
        limits: Limits = USUAL,
    ) -> None:
        self._hear = hear
        self._ready = ready
        self._numbers = itertools.count(1)
        self._lock = threading.Lock()
        self._open: dict[int, Inbox] = {}
        self._up = threading.Event()
        self._holders = 0
        self.used = time.monotonic()  # when it was last asked
        self.metrics = ""  # the process's own, as Prometheus text
        self.deaths = 0
        self.child = Child(
            name,
            command,
            spec,
            receive=self._receive,
            ready=self._begin,
            lost=self._fail_all,
            environment=environment,
            limits=limits,
        )

    async def ask(self, message: Callable[[int], Message]) -> tuple[Inbox, Any]:
        """Send what `message` makes of a number; returns the first thing said about it.

        Waits for a process that is being started again, and asks again once if it dies before it
        has said anything.
        """
        with self.hold():
            try:
                return await self._ask(message)
            except Stopped:
                return await self._ask(message)

    async def _ask(self, message: Callable[[int], Message]) -> tuple[Inbox, Any]:
        await self._come_up()
        self.used = time.monotonic()
        with self._lock:
            inbox = Inbox(next(self._numbers))
            self._open[inbox.number] = inbox
        try:
            self.child.send(message(inbox.number))
            return inbox, await inbox.get()
        except BaseException:
            self.stop(inbox.number)
            raise

    async def _come_up(self) -> None:
        """Wait for a process that is being started again, in no thread, since others need them."""
        patience = time.monotonic() + _RESTART_SECONDS
        while not self._up.is_set():
            if self.child.ended:
                raise Stopped
            if time.monotonic() > patience:
                raise Unavailable(
                    f"the model {self.child.name} is still being started again",
                    retry_after=_RETRY_SECONDS,
                )
            await asyncio.sleep(_LOOK_SECONDS)

    @contextlib.contextmanager
    def hold(self) -> Iterator[None]:
        """Be busy meanwhile, also between two questions that belong together."""
        with self._lock:
            self._holders += 1
        try:
            yield
        finally:
            with self._lock:
                self._holders -= 1
            self.used = time.monotonic()

    @property
    def busy(self) -> bool:
        """Whether somebody waits for it."""
        return bool(self._open or self._holders)

    def stop(self, number: int) -> None:
        """Nobody waits for a request any more."""
        with self._lock:
            inbox = self._open.pop(number, None)
        if inbox:
            inbox.put([Unavailable("the caller has gone away")])
            with contextlib.suppress(HearthError):
                self.child.send({"stop": number})

    def tell(self, number: int, events: Sequence[Any], *, last: bool) -> None:
        """Hand what was said about a request to who asked."""
        with self._lock:
            inbox = self._open.pop(number, None) if last else self._open.get(number)
        if inbox:
            inbox.put(events)

    def _begin(self, info: Any) -> None:
        self._ready(info)
        self._up.set()

    def _fail_all(self) -> None:
        self.deaths += 1
        self._up.clear()
        self.metrics = ""
        with self._lock:
            inboxes, self._open = self._open, {}
        for inbox in inboxes.values():
            inbox.put([Stopped()])

    def _receive(self, message: Message) -> None:
        match message:
            case {"failed": int(number), "problem": problem}:
                self.tell(number, [_error(problem)], last=True)
            case {"alive": True, "metrics": str(text)}:
                self.metrics = text
            case _:
                self._hear(message)


def _error(problem: Message) -> HearthError:
    error = from_problem(problem, "the model server refused")
    if isinstance(error, Busy):
        error.retry_after = _RETRY_SECONDS
    return error
