"""The methods' parameters that this channel needs, as the Bot API documents them, and no others."""

from __future__ import annotations

import socket
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, Json


class Strict(BaseModel):
    """A method's parameters: nothing that is not named."""

    model_config = ConfigDict(extra="forbid")


def _short(data: str) -> str:
    if not 1 <= len(data.encode()) <= 64:
        raise ValueError("callback_data has 1 to 64 bytes")
    return data


class Button(Strict):
    """InlineKeyboardButton"""

    text: str = Field(min_length=1)
    callback_data: Annotated[str, AfterValidator(_short)]


class Keyboard(Strict):
    """InlineKeyboardMarkup"""

    inline_keyboard: list[list[Button]]

    def buttons(self) -> list[Button]:
        """Every button, row by row."""
        return [button for row in self.inline_keyboard for button in row]


class LinkPreview(Strict):
    """LinkPreviewOptions; an answer never shows what lies at an address."""

    is_disabled: Literal[True]


class GetUpdates(Strict):
    """getUpdates"""

    offset: int | None = None
    limit: int = Field(100, ge=1, le=100)
    timeout: int = Field(0, ge=1, le=50)  # long polling, which the documentation asks for
    allowed_updates: Json[list[Literal["message", "callback_query"]]]


class SendMessage(Strict):
    """sendMessage"""

    chat_id: int
    text: str
    reply_markup: Json[Keyboard] | None = None
    link_preview_options: Json[LinkPreview]


class SendChatAction(Strict):
    """sendChatAction"""

    chat_id: int
    action: Literal["typing"]


class EditMessageText(Strict):
    """editMessageText"""

    chat_id: int
    message_id: int
    text: str
    link_preview_options: Json[LinkPreview]


class AnswerCallbackQuery(Strict):
    """answerCallbackQuery"""

    callback_query_id: str
    text: str | None = Field(None, max_length=200)
    show_alert: bool | None = None


def listen(address: str) -> socket.socket:
    """A listener at http://HOST:PORT, also where one was a moment ago."""
    host, _, port = address.removeprefix("http://").partition(":")
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind((host, int(port)))
    listener.listen(64)
    return listener
