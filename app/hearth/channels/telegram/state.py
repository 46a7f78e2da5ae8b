"""What the channel remembers: who is linked, and which messages still wait for an answer.

A message is on disk here before Telegram is told that it has arrived, and leaves only when it has
been answered: a restart goes on where it was, and answers nothing twice.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError

from hearth.core.errors import Damaged
from hearth.core.people import Frozen
from hearth.store import whole

_DONE_KEPT = 1_000  # ten times what one poll brings
_GREETED_KEPT = 1_000


class Link(Frozen):
    """A Telegram account that speaks for a member."""

    token: str
    member: str
    title: str  # the pod's
    update: int  # the message that linked it
    conversation: str | None = None


class Waiting(Frozen):
    """A message or a press of a button that has not been dealt with."""

    update: dict[str, Any]  # as the Bot API sent it
    sent: int = 0  # pieces of the answer that have gone out
    undo: str | None = None  # the change that this message takes back


class _Remembered(BaseModel):
    links: dict[int, Link] = {}  # by the Telegram user's id
    waiting: dict[int, Waiting] = {}  # by the update's id
    done: list[int] = []
    greeted: list[int] = []  # strangers who have had their one line


class State:
    """The file of what is remembered. Every change is on disk when its method returns."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = asyncio.Lock()
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        try:
            text = path.read_text("utf-8") if path.exists() else "{}"
            self._kept = _Remembered.model_validate_json(text)
        except (ValidationError, UnicodeDecodeError) as error:
            raise Damaged(
                "what Telegram's channel remembers is damaged",
                where=str(path),
                remedy="Move this file away; members then link their accounts again.",
            ) from error

    def waiting(self) -> dict[int, Waiting]:
        """Everything that has not been dealt with, the oldest first."""
        return dict(sorted(self._kept.waiting.items()))

    def link(self, user: int) -> Link | None:
        """Whom this Telegram user speaks for."""
        return self._kept.links.get(user)

    def greeted(self, user: int) -> bool:
        """Whether this stranger has had their line."""
        return user in self._kept.greeted

    async def accept(self, updates: Iterable[tuple[int, dict[str, Any]]]) -> dict[int, Waiting]:
        """Keep those that are new; they are returned."""
        known = {*self._kept.waiting, *self._kept.done}
        new = {key: Waiting(update=update) for key, update in updates if key not in known}
        if new:
            await self._change(lambda kept: kept.waiting.update(new))
        return new

    async def done(self, update: int) -> None:
        """An update has been dealt with."""

        def change(kept: _Remembered) -> None:
            kept.waiting.pop(update, None)
            kept.done = [*kept.done, update][-_DONE_KEPT:]

        await self._change(change)

    async def progress(self, update: int, **changes: Any) -> Waiting:
        """Note how far an update has been dealt with; the new state of it."""
        now = self._kept.waiting[update].model_copy(update=changes)
        await self._change(lambda kept: kept.waiting.update({update: now}))
        return now

    async def put_link(self, user: int, link: Link) -> None:
        """Link an account, or change its link."""
        await self._change(lambda kept: kept.links.update({user: link}))

    async def drop_link(self, user: int) -> None:
        """Forget a link."""
        await self._change(lambda kept: kept.links.pop(user, None))

    async def greet(self, user: int) -> None:
        """A stranger has had their line."""

        def change(kept: _Remembered) -> None:
            kept.greeted = [*kept.greeted, user][-_GREETED_KEPT:]

        await self._change(change)

    async def _change(self, change: Callable[[_Remembered], object]) -> None:
        async with self._lock:
            drafted = self._kept.model_copy(
                update={
                    "links": dict(self._kept.links),
                    "waiting": dict(self._kept.waiting),
                }
            )
            change(drafted)
            text = drafted.model_dump_json().encode()
            await asyncio.to_thread(whole.put, self._path, text)
            self._kept = drafted  # a full disk leaves what was known before
