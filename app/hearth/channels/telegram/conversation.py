"""What becomes of one message: who wrote it, what they want, and the answer to it."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from typing import Any

from telegram import (
    CallbackQuery,
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    LinkPreviewOptions,
    Message,
    Update,
)
from telegram.constants import ChatAction, ChatType
from telegram.error import BadRequest, NetworkError, TelegramError

from hearth.channels.telegram import text, words
from hearth.channels.telegram.bot import Bot
from hearth.channels.telegram.hub import HubChannel, Speaker
from hearth.channels.telegram.state import Link, State, Waiting
from hearth.channels.telegram.strangers import Strangers
from hearth.core.errors import Busy, HearthError, NotFound, NotSignedIn, Unavailable
from hearth.core.people import Right
from hearth.core.turns import Message as PodMessage
from hearth.core.turns import Proposal

# Or Telegram's servers would fetch every address that an answer names, and show it.
_NO_PREVIEW = LinkPreviewOptions(is_disabled=True)
_TYPING_SECONDS = 4.0  # Telegram shows it for five
_WORDS = {"c": "confirm", "r": "reject"}

Piece = tuple[str, InlineKeyboardMarkup | None]


class Conversation:
    """Deals with updates, one at a time for each person. Every step may be taken again.

    Raises what is worth another try later: Unavailable, and the library's NetworkError.
    """

    def __init__(self, bot: Bot, hub: HubChannel, state: State) -> None:
        self._bot = bot
        self._hub = hub
        self._state = state
        self._strangers = Strangers(state)

    async def handle(self, key: int, waiting: Waiting) -> None:
        """Answer an update to its end."""
        update = Update.de_json(waiting.update, self._bot.api)
        if update.callback_query is not None:
            await self._button(update.callback_query)
        elif update.message is not None and update.message.chat.type == ChatType.PRIVATE:
            await self._message(key, update.message)

    async def _message(self, key: int, message: Message) -> None:
        user = message.from_user
        if user is None or user.is_bot:
            return
        command, _, rest = (message.text or "").strip().partition(" ")
        link = self._state.link(user.id)
        if command == "/start" and rest.strip() and (link is None or link.update != key):
            await self._start(key, message, user.id, rest)
        elif link is None:
            if await self._strangers.may_hear(user.id):
                await self._say(key, message.chat.id, [(words.STRANGER, None)])
        else:
            await self._member(key, message, user.id, link)

    async def _start(self, key: int, message: Message, user: int, code: str) -> None:
        if not self._strangers.may_try(user):
            return
        try:
            made = await self._hub.link(code.strip()[:64])
        except (NotSignedIn, Busy) as error:
            await self._say(key, message.chat.id, [(words.refusal(error), None)])
            return
        link = Link(token=made.token, member=made.member, title=made.title, update=key)
        await self._state.put_link(user, link)
        await self._say(key, message.chat.id, [(words.welcome(made.member, made.title), None)])

    async def _member(self, key: int, message: Message, user: int, link: Link) -> None:
        chat = message.chat.id
        try:
            said = await self._answer(key, message, user, link)
        except NotSignedIn:
            await self._state.drop_link(user)
            said = [(words.UNLINKED, None)]
        except Unavailable:
            raise
        except HearthError as error:
            said = [(words.refusal(error), None)]
        await self._say(key, chat, said)

    async def _answer(self, key: int, message: Message, user: int, link: Link) -> list[Piece]:
        speaker = self._hub.speaker(link.token)
        asked = (message.text or "").strip()
        match asked.partition(" ")[0].lower():
            case "":
                return [(words.ONLY_TEXT, None)]
            case "/start":
                return [(words.welcome(link.member, link.title), None)]
            case "/help":
                return [(words.HELP, None)]
            case "/new":
                await self._state.put_link(user, link.model_copy(update={"conversation": None}))
                return [(words.NEW, None)]
            case "/undo":
                return [(await self._undo(key, speaker), None)]
            case "/today":
                asked = words.TODAY
        async with self._typing(message.chat.id):
            answered = await self._ask(key, message, user, link, asked)
            keyed = await self._proposals(speaker, answered.proposals)
        return [*_plain(text.answer(answered)), *keyed]

    async def _ask(
        self, key: int, message: Message, user: int, link: Link, asked: str
    ) -> PodMessage:
        speaker = self._hub.speaker(link.token)
        turn = self._turn(key, message)
        try:
            accepted = await speaker.ask(turn, asked, link.conversation)
        except NotFound:
            if link.conversation is None:
                raise
            accepted = await speaker.ask(turn, asked, None)  # that one was deleted on the page
        if accepted.conversation != link.conversation:
            going_on = link.model_copy(update={"conversation": accepted.conversation})
            await self._state.put_link(user, going_on)
        return await speaker.answer(accepted.turn)

    async def _undo(self, key: int, speaker: Speaker) -> str:
        chosen = self._state.waiting()[key].undo
        if chosen is None:
            undoable = [each for each in await speaker.actions() if each.undoable]
            if not undoable:
                return words.NOTHING_TO_UNDO
            # Written down first: after a restart the same change is meant, not the one before it.
            chosen = undoable[0].proposal.id
            await self._state.progress(key, undo=chosen)
        action = await speaker.undo(chosen)
        return f"Undone: {action.proposal.sentence}"

    async def _proposals(self, speaker: Speaker, proposals: Iterable[Proposal]) -> list[Piece]:
        if not (proposals := list(proposals)):
            return []
        may_confirm = Right.CONFIRM in await speaker.rights()
        return [
            (f"Proposed: {each.sentence}"[: text.PIECE // 2], _keys(each) if may_confirm else None)
            for each in proposals
        ]

    async def _button(self, query: CallbackQuery) -> None:
        word, _, proposal = (query.data or "").partition(":")
        link = self._state.link(query.from_user.id)
        if link is None or word not in _WORDS:
            await self._acknowledge(query, None)
            return
        try:
            decided = await self._hub.speaker(link.token).decide(
                proposal, "confirm" if word == "c" else "reject"
            )
        except Unavailable:
            raise
        except HearthError as error:
            await self._acknowledge(query, words.refusal(error)[:200])
            return
        state, sentence = decided.proposal.state.value, decided.proposal.sentence
        undo = " /undo takes it back." if decided.undoable else ""
        await self._acknowledge(query, None)
        if query.message is not None:
            await self._tolerating(
                self._bot.api.edit_message_text(
                    f"{state.capitalize()}: {sentence}{undo}"[: text.PIECE // 2],
                    chat_id=query.message.chat.id,
                    message_id=query.message.message_id,
                    link_preview_options=_NO_PREVIEW,
                )
            )

    async def _acknowledge(self, query: CallbackQuery, said: str | None) -> None:
        await self._tolerating(
            self._bot.api.answer_callback_query(query.id, text=said, show_alert=said is not None)
        )

    async def _tolerating(self, request: Any) -> None:
        """Send what Telegram may refuse because it was done before, or came too late."""
        with contextlib.suppress(BadRequest):
            await request

    async def _say(self, key: int, chat: int, said: Iterable[Piece]) -> None:
        """Send the pieces that have not gone out yet; each is noted as soon as it has."""
        for number, (piece, keys) in enumerate(said):
            if number < self._state.waiting()[key].sent:
                continue
            await self._bot.api.send_message(
                chat, piece, reply_markup=keys, link_preview_options=_NO_PREVIEW
            )
            await self._state.progress(key, sent=number + 1)

    @asynccontextmanager
    async def _typing(self, chat: int) -> AsyncIterator[None]:
        async def show() -> None:
            while True:
                with contextlib.suppress(NetworkError):
                    await self._bot.api.send_chat_action(chat, ChatAction.TYPING)
                await asyncio.sleep(_TYPING_SECONDS)

        showing = asyncio.create_task(show())
        try:
            yield
        finally:
            showing.cancel()
            with contextlib.suppress(asyncio.CancelledError, TelegramError):
                await showing

    def _turn(self, key: int, message: Message) -> str:
        """The turn's id: the same message is the same turn, however often it comes."""
        name = f"{self._bot.id} {key} {message.chat.id} {message.message_id}"
        return hashlib.blake2b(name.encode(), digest_size=16).hexdigest()


def _plain(said: str) -> list[Piece]:
    return [(piece, None) for piece in text.pieces(said)]


def _keys(proposal: Proposal) -> InlineKeyboardMarkup:
    confirm = InlineKeyboardButton("Confirm", callback_data=f"c:{proposal.id}")
    reject = InlineKeyboardButton("Reject", callback_data=f"r:{proposal.id}")
    return InlineKeyboardMarkup([[confirm, reject]])
