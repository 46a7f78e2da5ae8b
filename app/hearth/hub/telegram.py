"""One-time codes that link a member's Telegram account to a pod. Blocks: call it from a thread."""

from __future__ import annotations

import hashlib
import logging
import secrets
from collections.abc import Callable
from datetime import datetime, timedelta

from hearth.config import Settings
from hearth.core.errors import NotFound, NotSignedIn
from hearth.core.people import Right
from hearth.hub.authenticator import Authenticator
from hearth.hub.keys import Keys
from hearth.hub.rate_limits import RateLimits
from hearth.hub.shapes import TelegramCode, TelegramLink
from hearth.hub.visitors import Visitor
from hearth.store.hub.people import People

_log = logging.getLogger(__name__)
_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"  # none that looks like another on paper
_GROUPS, _GROUP = 3, 4  # 59 bits, for a quarter of an hour
_LIFETIME = timedelta(minutes=15)
# All that a chat needs; documents and sources are for the web page.
_RIGHTS = frozenset({Right.ASK, Right.PROPOSE, Right.CONFIRM})


class TelegramLinks:
    """Makes the codes, and gives for one the token with which the channel speaks for its member.

    The Telegram program holds only the tokens of those who have linked themselves, each for its
    own pod: a stolen one can be nobody else.
    """

    def __init__(
        self,
        settings: Settings,
        people: People,
        *,
        authenticator: Authenticator,
        keys: Keys,
        limits: RateLimits,
        clock: Callable[[], datetime],
    ) -> None:
        self._settings = settings
        self._people = people
        self._authenticator = authenticator
        self._keys = keys
        self._limits = limits
        self._clock = clock

    def new_code(self, visitor: Visitor, pod: str) -> TelegramCode:
        """A code that links the visitor's Telegram account to a pod, once."""
        if pod not in self._settings.telegram_pods:
            raise NotFound(
                f"the pod {pod!r} has no Telegram bot",
                remedy="docs/telegram.md says how one is made and set.",
            )
        groups = ("".join(secrets.choice(_LETTERS) for _ in range(_GROUP)) for _ in range(_GROUPS))
        code = "-".join(groups)
        expires = self._clock() + _LIFETIME
        self._people.links.add(_digest(pod, code), visitor.member.id, expires)
        return TelegramCode(pod=pod, code=code, expires=expires)

    def redeem(self, pod: str, code: str) -> TelegramLink:
        """The link for a code, which is used up by this; NotSignedIn, or Busy after too many."""
        self._limits.sign_in(f"telegram {pod}", f"telegram {pod}")
        link = self._people.links.take(_digest(pod, code.strip().lower()))
        if link is None or link.expires <= self._clock():
            raise NotSignedIn(
                "this code is not valid; each works once, for a quarter of an hour",
                remedy="Make a new one in Hearth, under House › Telegram.",
            )
        visitor = self._authenticator.by_code(link.member)
        title = self._settings.pods[pod].title or pod.capitalize()
        _, secret = self._keys.new_token(visitor, f"Telegram, {title}", {pod}, _RIGHTS, None)
        _log.info("telegram linked", extra={"pod": pod, "login": visitor.login})
        return TelegramLink(token=secret, member=visitor.member.name, title=title)


def _digest(pod: str, code: str) -> str:
    # Codes lie beside the sign-in links. Another hash than theirs, so that no code, however it is
    # dressed up, can be sent as a link and open the whole house.
    text = f"{pod} {code}".encode()
    return hashlib.blake2b(text, digest_size=32, person=b"hearth-telegram").hexdigest()
