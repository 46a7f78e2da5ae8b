"""Passwords under argon2id (RFC 9106), off the event loop and a few at a time."""

from __future__ import annotations

from functools import cache, partial

from anyio import CapacityLimiter, to_thread
from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

_HASHER = PasswordHasher()
_AT_ONCE = CapacityLimiter(2)  # each takes 64 MiB while it runs


async def hashed(password: str) -> str:
    """The argon2id hash of a password."""
    return await to_thread.run_sync(partial(_HASHER.hash, password), limiter=_AT_ONCE)


async def matches(stored: str | None, password: str) -> bool:
    """Whether the password is the stored one; as much work where there is none stored."""
    return await to_thread.run_sync(partial(_matches, stored, password), limiter=_AT_ONCE)


def outdated(stored: str) -> bool:
    """Whether a hash was made with weaker parameters than today's."""
    return _HASHER.check_needs_rehash(stored)


def _matches(stored: str | None, password: str) -> bool:
    decoy = _decoy()
    try:
        _HASHER.verify(stored or decoy, password)
    except (VerificationError, InvalidHashError):
        return False
    return stored is not None


@cache
def _decoy() -> str:
    return _HASHER.hash("a name that nobody has")
