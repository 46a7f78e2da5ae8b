"""Who asks, signed by the hub into every request, and checked by the pod.

A grant names one pod, one member with their rights, and the digest of the very request it came
with, and it lives for a minute: a stolen one opens nothing else. It is authenticated with
HMAC-SHA-256 under a key that only the hub and that one pod hold, so a pod could at most forge
requests to itself. (A public-key signature would say no more here, and the library for it costs
every pod 9 MB.)
"""

from __future__ import annotations

import hashlib
import secrets

from itsdangerous import BadData, URLSafeTimedSerializer
from pydantic import BaseModel, ConfigDict, ValidationError

from hearth.core.errors import NotSignedIn
from hearth.core.people import Caller

SECONDS = 60
_KEY_BYTES = 32
_PURPOSE = "hearth grant"


class _Grant(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    caller: Caller
    request: str


def new_key() -> bytes:
    """A fresh random key."""
    return secrets.token_bytes(_KEY_BYTES)


def key_name(pod: str) -> str:
    """The credential that holds a pod's key."""
    return f"grant-key-{pod}"


def digest(method: str, target: str, body: bytes) -> str:
    """SHA-256, hex, of one request: its method, its path with the query, and its body."""
    head = f"{method.upper()} {target}\n".encode()
    return hashlib.sha256(head + body).hexdigest()


def sign(key: bytes, caller: Caller, request: str) -> str:
    """A grant for `caller` and the request with this digest."""
    grant = _Grant(caller=caller, request=request)
    signed = _serializer(key).dumps(grant.model_dump(mode="json"))
    return signed.decode() if isinstance(signed, bytes) else signed


def verify(key: bytes, pod: str, token: str, request: str) -> Caller:
    """The caller whom the hub signed for this pod and this request; NotSignedIn otherwise."""
    try:
        grant = _Grant.model_validate(_serializer(key).loads(token, max_age=SECONDS))
    except (BadData, ValidationError) as error:
        raise NotSignedIn("the hub's signature on this request is not valid") from error
    if grant.request != request or grant.caller.pod != pod:
        raise NotSignedIn("the hub signed another request than this one")
    return grant.caller


def _serializer(key: bytes) -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(
        key,
        salt=_PURPOSE,
        signer_kwargs={"digest_method": hashlib.sha256, "key_derivation": "hmac"},
    )
