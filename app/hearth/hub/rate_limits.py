"""How often a name, an address or a member may come, in moving windows of a minute."""

from __future__ import annotations

import time

from limits import RateLimitItemPerMinute
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter

from hearth.config import HubSettings
from hearth.core.errors import Busy


class RateLimits:
    """The hub's limits, kept in memory: a restart forgives."""

    def __init__(self, settings: HubSettings) -> None:
        self._limiter = MovingWindowRateLimiter(MemoryStorage())
        self._sign_ins = RateLimitItemPerMinute(settings.sign_ins_per_minute)
        self._turns = RateLimitItemPerMinute(settings.turns_per_minute)

    def sign_in(self, login: str, address: str) -> None:
        """Count one attempt for this name and this address; Busy when either had too many."""
        for kind, key in (("login", login), ("address", address)):
            self._count(self._sign_ins, kind, key, "there were too many attempts to sign in")

    def turn(self, member: str) -> None:
        """Count one question of a member; Busy when there were too many."""
        self._count(self._turns, "turn", member, "you have asked a lot in the last minute")

    def _count(self, limit: RateLimitItemPerMinute, kind: str, key: str, words: str) -> None:
        if self._limiter.hit(limit, kind, key):
            return
        reset = self._limiter.get_window_stats(limit, kind, key).reset_time
        wait = max(1, round(reset - time.time()))
        raise Busy(words, remedy=f"Try again in {wait} seconds.", retry_after=wait)
