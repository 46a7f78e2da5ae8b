"""The bounded queue before the engine: seats are taken by other threads, and left by the engine."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence

from hearth.inference.engine import scheduler
from hearth.inference.engine.streams import Request


class Waiting:
    """Requests that have no place in the batch yet."""

    def __init__(self, seats: int) -> None:
        self._limit = seats
        self._seats: set[Request] = set()
        self._lock = threading.Lock()
        self.requests: list[Request] = []  # in order of arrival; the engine's own
        self.shares = scheduler.Shares()

    def take_seat(self, request: Request) -> bool:
        """Whether there is one left; from any thread. Who has gone away needs none."""
        with self._lock:
            free = sum(not seated.gone for seated in self._seats) < self._limit
            if free:
                self._seats.add(request)
            return free

    def leave(self, request: Request) -> None:
        """It has its place, or has gone away."""
        self.requests.remove(request)
        with self._lock:
            self._seats.discard(request)

    def next(
        self,
        running: Sequence[Request],
        places: int,
        now: float,
        held: Callable[[Request], bool],
    ) -> Request | None:
        """Who gets the next place; nobody if no one may. `held` requests wait for another."""
        everyone = [*self.requests, *running]
        self.shares.active(request.work.caller for request in everyone)
        taken = [request.ask(now) for request in running]
        ready = [request for request in self.requests if not held(request)]
        asks = [request.ask(now) for request in ready]
        able = [at for at, ask in enumerate(asks) if scheduler.has_place(ask, taken, places)]
        if not able:
            return None
        return ready[able[scheduler.next_ask([asks[at] for at in able], self.shares)]]
