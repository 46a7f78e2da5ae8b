"""Random secrets for sessions, links and tokens, and the hashes that are kept of them."""

from __future__ import annotations

import hashlib
import secrets

TOKEN_PREFIX = "hearth_"  # noqa: S105 - lets a leaked token be recognised
_BYTES = 32


def new_secret() -> str:
    """256 random bits, fit for a URL."""
    return secrets.token_urlsafe(_BYTES)


def digest(secret: str) -> str:
    """SHA-256, hex. No salt and no stretching: 256 random bits cannot be guessed."""
    return hashlib.sha256(secret.encode()).hexdigest()
