"""Those who are not linked: one polite line, a few tries at a code, and then silence."""

from __future__ import annotations

from limits import RateLimitItemPerHour
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter

from hearth.channels.telegram.state import State

_TRIES = RateLimitItemPerHour(5)
_LINES = RateLimitItemPerHour(20)  # to all strangers together


class Strangers:
    """How much of the channel a stranger gets."""

    def __init__(self, state: State) -> None:
        self._state = state
        self._limiter = MovingWindowRateLimiter(MemoryStorage())

    async def may_hear(self, user: int) -> bool:
        """Whether this one hears the line now; nobody hears it twice."""
        if self._state.greeted(user) or not self._limiter.hit(_LINES, "all"):
            return False
        await self._state.greet(user)
        return True

    def may_try(self, user: int) -> bool:
        """Whether this one may try a code now."""
        return self._limiter.hit(_TRIES, str(user))
