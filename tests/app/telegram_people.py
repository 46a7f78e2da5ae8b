"""People with Telegram, as the Bot API shows them to a bot."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from bot_api import BotApi, Sent

PATIENCE = 30.0


class Person:
    """Somebody who writes to the bot."""

    def __init__(self, api: BotApi, number: int, name: str) -> None:
        self.id = number
        self._api = api
        self._user = {"id": number, "is_bot": False, "first_name": name, "language_code": "en"}
        self._chat = {"id": number, "type": "private", "first_name": name}
        api.chats.add(number)

    def says(self, text: str, **chat: Any) -> int:
        """A message; the update's id."""
        entities = []
        if text.startswith("/"):
            length = len(text.partition(" ")[0])
            entities = [{"type": "bot_command", "offset": 0, "length": length}]
        return self.sends(text=text, **({"entities": entities} if entities else {}), **chat)

    def sends(self, **content: Any) -> int:
        """A message of any kind; the update's id."""
        message = {
            "message_id": self._api.message_id(),
            "date": int(time.time()),
            "chat": self._chat,
            "from": self._user,
            **content,
        }
        return self._api.push(message=message)

    def presses(self, sent: Sent, label: str) -> int:
        """A press of one of the buttons below a message; the update's id."""
        (data,) = [each.callback_data for each in sent.buttons if each.text == label]
        message = {
            "message_id": sent.id,
            "date": int(time.time()),
            "chat": self._chat,
            "text": sent.text,
        }
        query = {
            "id": f"{self.id}{sent.id}",
            "from": self._user,
            "message": message,
            "chat_instance": "4711",
            "data": data,
        }
        return self._api.push(callback_query=query)

    def heard(self) -> list[Sent]:
        """What the bot has sent to this person."""
        return [sent for sent in self._api.sent if sent.chat == self.id]

    def texts(self) -> list[str]:
        """The same, as texts."""
        return [sent.text for sent in self.heard()]

    def hears(self, count: int) -> list[Sent]:
        """As soon as there are so many messages: all of them."""
        eventually(lambda: len(self.heard()) >= count, f"{count} messages; {self.texts()}")
        return self.heard()


def eventually(condition: Callable[[], bool], what: str) -> None:
    """Wait until something holds."""
    until = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < until, f"this did not come: {what}"
        time.sleep(0.02)
