"""A Bot API server after Telegram's public documentation, strict about every field it is sent.

What a client must not do is kept in `faults`, beside the refusal that it gets.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import Any

import bot_api_shapes as shapes
from pydantic import ValidationError
from servers import Running, loopback_socket
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

TOKEN = "8312040275:AAGp0vY2cQZ1x_kL7m-bW9dT3rE5sU6hJ4o"  # noqa: S105 - of nobody's bot
BOT = {"id": 8312040275, "is_bot": True, "first_name": "Hearth", "username": "hearth_test_bot"}
_LONGEST = 4_096  # UTF-16 units of a message's text


Method = tuple[type[shapes.Strict], Callable[[Any], Awaitable[Any]]]


class Refused(Exception):
    """The API's own error."""

    def __init__(self, status: int, description: str, **parameters: Any) -> None:
        super().__init__(description)
        self.status = status
        self.body: dict[str, Any] = {
            "ok": False,
            "error_code": status,
            "description": description,
        }
        if parameters:
            self.body["parameters"] = parameters


@dataclass
class Sent:
    """A message of the bot's, as it stands in its chat now."""

    id: int
    chat: int
    text: str
    buttons: list[shapes.Button] = field(default_factory=list)
    edited: bool = False


class BotApi:
    """The server with its chats. Tests call it from their own thread."""

    def __init__(self) -> None:
        self.faults: list[str] = []
        self.sent: list[Sent] = []
        self.actions: list[tuple[int, str]] = []
        self.alerts: list[str | None] = []
        self.polls = 0
        self.blocked: set[int] = set()
        self.chats: set[int] = set()
        self._lock = threading.Lock()
        self._updates: list[dict[str, Any]] = []
        self._next_update, self._next_message = 710_000_001, 1
        self._poll = 0
        self._floods = 0
        self._flood_seconds = 0
        self._flood_after = 0
        self._closed_until = 0.0
        self._listener = loopback_socket()
        self.address = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self._running = ExitStack()
        self._listener.close()

    # The network

    def start(self) -> None:
        """Answer at `address`."""
        listener = shapes.listen(self.address)

        async def closing() -> None:
            pass

        self._running.enter_context(Running(lambda: [(self._app(), listener)], closing))

    def stop(self) -> None:
        """Be out of reach, and break every connection."""
        self._poll += 1
        self._running.close()

    @contextmanager
    def cut(self) -> Iterator[None]:
        """Out of reach for a while."""
        self.stop()
        try:
            yield
        finally:
            self.start()

    # What people do

    def push(self, **update: Any) -> int:
        """An update for the bot; its id."""
        with self._lock:
            number = self._next_update
            self._next_update += 1
            self._updates.append({"update_id": number, **update})
            return number

    def repeat(self, number: int, **update: Any) -> None:
        """An update once more, as if its acknowledgement had been lost."""
        with self._lock:
            self._updates.insert(0, {"update_id": number, **update})

    def message_id(self) -> int:
        """The next message's id."""
        with self._lock:
            self._next_message += 1
            return self._next_message

    def unconfirmed(self) -> list[int]:
        """The updates that the bot has not acknowledged."""
        with self._lock:
            return [update["update_id"] for update in self._updates]

    def flood(self, times: int, seconds: int, after: int = 0) -> None:
        """Refuse what is sent next, or `after` so many requests; none may come too early again."""
        self._floods, self._flood_seconds, self._flood_after = times, seconds, after

    # The methods

    def _app(self) -> Starlette:
        return Starlette(routes=[Route("/bot{token}/{method}", self._answer, methods=["POST"])])

    async def _answer(self, request: Request) -> Response:
        method = request.path_params["method"]
        try:
            kind, respond = self._method(request.path_params["token"], method)
            form = dict((await request.form()).items())
            return JSONResponse({"ok": True, "result": await respond(kind.model_validate(form))})
        except ValidationError as error:
            faults = [f"{method}.{fault['loc']}: {fault['msg']}" for fault in error.errors()]
            self.faults += faults
            refused = Refused(400, f"Bad Request: {faults[0]}")
        except Refused as error:
            refused = error
        return JSONResponse(refused.body, refused.status)

    def _method(self, token: str, name: str) -> Method:
        if token != TOKEN:
            raise Refused(401, "Unauthorized")
        methods: dict[str, Method] = {
            "getUpdates": (shapes.GetUpdates, self._get_updates),
            "sendMessage": (shapes.SendMessage, self._send_message),
            "sendChatAction": (shapes.SendChatAction, self._send_chat_action),
            "editMessageText": (shapes.EditMessageText, self._edit_message_text),
            "answerCallbackQuery": (shapes.AnswerCallbackQuery, self._answer_callback_query),
        }
        if name not in methods:
            self.faults.append(f"there is no need for {name}")
            raise Refused(404, "Not Found")
        return methods[name]

    async def _get_updates(self, asked: shapes.GetUpdates) -> list[dict[str, Any]]:
        self._poll += 1
        self.polls += 1
        mine = self._poll
        with self._lock:
            if asked.offset is not None:
                self._updates = [
                    each for each in self._updates if each["update_id"] >= asked.offset
                ]
        until = time.monotonic() + asked.timeout
        while time.monotonic() < until:
            if mine != self._poll:
                raise Refused(409, "Conflict: terminated by other getUpdates request")
            with self._lock:
                if ready := self._updates[: asked.limit]:
                    return list(ready)
            await asyncio.sleep(0.02)
        return []

    async def _send_message(self, asked: shapes.SendMessage) -> dict[str, Any]:
        self._check(asked.chat_id)
        self._check_text(asked.text)
        markup = asked.reply_markup
        sent = Sent(
            self.message_id(), asked.chat_id, asked.text, markup.buttons() if markup else []
        )
        self.sent.append(sent)
        return _message(sent)

    async def _send_chat_action(self, asked: shapes.SendChatAction) -> bool:
        self._check(asked.chat_id)
        self.actions.append((asked.chat_id, asked.action))
        return True

    async def _edit_message_text(self, asked: shapes.EditMessageText) -> dict[str, Any]:
        self._check(asked.chat_id)
        self._check_text(asked.text)
        for sent in self.sent:
            if (sent.chat, sent.id) == (asked.chat_id, asked.message_id):
                if sent.text == asked.text and not sent.buttons:
                    raise Refused(400, "Bad Request: message is not modified")
                sent.text, sent.buttons, sent.edited = asked.text, [], True
                return _message(sent)
        raise Refused(400, "Bad Request: message to edit not found")

    async def _answer_callback_query(self, asked: shapes.AnswerCallbackQuery) -> bool:
        self._check(None)
        self.alerts.append(asked.text)
        return True

    def _check(self, chat: int | None) -> None:
        now = time.monotonic()
        if now < self._closed_until:
            self.faults.append("asked again before retry_after was over")
        if self._floods and self._flood_after:
            self._flood_after -= 1
        elif self._floods:
            self._floods -= 1
            self._closed_until = now + self._flood_seconds
            seconds = self._flood_seconds
            words = f"Too Many Requests: retry after {seconds}"
            raise Refused(429, words, retry_after=seconds)
        if chat in self.blocked:
            raise Refused(403, "Forbidden: bot was blocked by the user")
        if chat is not None and chat not in self.chats:
            raise Refused(400, "Bad Request: chat not found")

    def _check_text(self, text: str) -> None:
        if len(text.encode("utf-16-le")) // 2 > _LONGEST:
            self.faults.append("a message is too long")
            raise Refused(400, "Bad Request: message is too long")
        if not text.strip():
            self.faults.append("a message is empty")
            raise Refused(400, "Bad Request: message text is empty")


def _message(sent: Sent) -> dict[str, Any]:
    return {
        "message_id": sent.id,
        "date": int(time.time()),
        "chat": {"id": sent.chat, "type": "private", "first_name": "Somebody"},
        "from": BOT,
        "text": sent.text,
    }
