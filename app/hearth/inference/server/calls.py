"""Finds the calls in an answer while it comes; whatever turns out to be none is told as words."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Collection
from dataclasses import dataclass

from hearth.inference.server import objects, openings
from hearth.inference.server.openings import FENCE, MARKS, OPENING, NoCall


@dataclass(frozen=True)
class Words:
    """A piece of the answer that belongs to no call."""

    text: str


@dataclass(frozen=True)
class CallBegins:
    """The name of the next call is known."""

    index: int
    id: str
    name: str


@dataclass(frozen=True)
class Arguments:
    """A fragment of a call's arguments; joined, they are JSON as the model wrote it."""

    index: int
    text: str


Event = Words | CallBegins | Arguments


class CallParser:
    """Turns pieces of an answer into events, in the same way however it is cut into pieces.

    After `sure` a grammar holds the text, so arguments are told as they come; anywhere else a
    call is told once it is whole. After `most` calls nothing more is told.
    """

    def __init__(self, names: Collection[str], *, sure: str = "", most: int | None = None) -> None:
        self._names = names
        self._sure = sure
        self._most = most
        self._text = ""  # all of the answer so far
        self._final = False
        self._told = 0  # where what has not been told begins
        self._scanned = 0  # up to there, no opening is left to be found
        self._floor = -1  # the end of the last call
        self._fenced = False  # inside a code block
        self._opening = 0
        self._head = openings.Head(0)
        self._closers: list[str] = []  # what may follow the call
        self._count = 0
        self._events: list[Event] = []
        self._step: Callable[[], bool] = self._words  # True if there is more to do

    def feed(self, text: str) -> list[Event]:
        """What is certain after this piece."""
        self._text += text
        return self._run()

    def end(self) -> list[Event]:
        """What remains when the answer has ended."""
        self._final = True
        return self._run()

    def _run(self) -> list[Event]:
        more = True
        while more:
            try:
                more = self._step()
            except NoCall:
                self._fenced |= self._text.startswith(FENCE, self._opening)
                self._step = self._words
        events, self._events = self._events, []
        return events

    # The steps.

    def _words(self) -> bool:
        if self._told == self._floor:  # blanks around calls are part of no answer
            self._told = self._floor = self._after_blanks(self._told)
            self._scanned = max(self._scanned, self._told)
        opening = self._find_opening()
        if opening is None:
            self._tell(len(self._text) if self._final else self._certain())
            return False
        self._tell(self._before_blanks(opening))
        self._opening = opening
        self._step = self._at_opening
        return True

    def _at_opening(self) -> bool:
        head = openings.head(self._text, self._opening)
        if head is None:
            return self._wait()
        if head.name and head.name not in self._names:
            raise NoCall
        self._head = head
        self._closers = list(head.closers)
        self._step = self._call
        return True

    def _call(self) -> bool:
        at, name = self._head.object, self._head.name
        if self._sure and self._text.startswith(self._sure, self._opening):
            begun = (name, at) if name else objects.header(self._text, at)
            if begun and begun[0] in self._names:
                self._closers = self._closers if name else ["}", *self._closers]
                self._begin(begun[0])
                self._told = begun[1]
                self._head = openings.Head(begun[1])
                self._step = self._sure_arguments
                return True
        if name:
            call = objects.read_arguments(self._text, at, name)
        else:
            call = objects.read(self._text, at, self._names)
        if call is None:
            return self._wait()
        self._begin(call.name)
        self._events.append(Arguments(self._count - 1, call.arguments))
        return self._close(call.end)

    def _sure_arguments(self) -> bool:
        end = objects.end_of(self._text, self._head.object)
        text = self._text[self._told : end]
        self._told += len(text)
        if text:
            self._events.append(Arguments(self._count - 1, text))
        return False if end is None else self._close(end)

    def _after_call(self) -> bool:
        at = self._after_blanks(self._told)
        closer = self._closers[0] if self._closers else None
        if closer and self._text.startswith(closer, at):
            self._told = at + len(self._closers.pop(0))
            return True
        following = openings.following(self._text, at) if closer not in (None, "}") else None
        if following is not None:
            self._head = openings.Head(following)
            self._scanned = following + 1
            self._step = self._call
            return True
        if closer and not self._final and openings.may_follow(self._text, at, closer):
            return False
        self._told = self._scanned = self._floor = at
        self._step = self._words
        return True

    def _nothing(self) -> bool:
        return False

    # What the steps share.

    def _wait(self) -> bool:
        if self._final:
            raise NoCall
        return False

    def _find_opening(self) -> int | None:
        while found := OPENING.search(self._text, self._scanned):
            start = found.start()
            if not self._final and openings.unfinished(self._text[start:]):
                return None
            self._scanned = found.end()
            if found[0] in MARKS:
                return start
            line = self._text[max(self._text.rfind("\n", 0, start) + 1, self._floor) : start]
            if line.strip():
                continue
            if not self._fenced:
                return start
            if found[0] == FENCE:
                self._fenced = False
        return None

    def _certain(self) -> int:
        """Up to where no opening can begin any more."""
        self._scanned = len(self._text) - openings.held(self._text, self._scanned)
        return self._before_blanks(self._scanned)

    def _begin(self, name: str) -> None:
        # Nine letters and digits: Mistral's templates refuse any other form.
        self._events.append(CallBegins(self._count, secrets.token_hex(5)[:9], name))
        self._count += 1

    def _close(self, end: int) -> bool:
        self._told = end
        full = self._most is not None and self._count >= self._most
        self._step = self._nothing if full else self._after_call
        return True

    def _tell(self, stop: int) -> None:
        if stop > self._told:
            self._events.append(Words(self._text[self._told : stop]))
            self._told = stop

    def _after_blanks(self, at: int) -> int:
        return len(self._text) - len(self._text[at:].lstrip())

    def _before_blanks(self, stop: int) -> int:
        return self._told + len(self._text[self._told : stop].rstrip())
