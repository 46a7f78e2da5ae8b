"""Finds the calls in an answer while it comes.

Calls are recognised in each syntax that models are known to write, for a small model mixes them:
`<tool_call>{…}</tool_call>` (Qwen, Hermes), `[TOOL_CALLS][{…}, …]` and `[TOOL_CALLS]name[ARGS]{…}`
(Mistral), and an object or a list of them that begins a line, fenced or not. An object is a call
if it has the name of a function and arguments; whatever turns out to be none is told as words.
"""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Any

from pydantic_core import from_json

_MARKS = ("<tool_call>", "[TOOL_CALLS]")
_FENCE = "```"
_OPENING = re.compile(r"<tool_call>|\[TOOL_CALLS\]|```|[{\[]")
# From an opening to the object of the first call, and what of that may have come so far.
_HEAD = re.compile(r"(?:<tool_call>\s*|\[TOOL_CALLS\]\s*|```(?:json)?\s*)?(\[\s*)?(?=\{)")
_HEAD_BEGUN = re.compile(r"(?:<tool_call>\s*|\[TOOL_CALLS\]\s*|```[json]{0,4}\s*)?(?:\[\s*)?")
_NAMED = re.compile(r"\[TOOL_CALLS\]\s*([\w.-]+)(?:\[CALL_ID\]\w+)?(?:\[ARGS\])?\s*(?=\{)")
_NAMED_BEGUN = re.compile(r"\[TOOL_CALLS\]\s*[\w.-]+(?:\[\w*\]?\w*){0,2}\s*")
_HEADER = re.compile(r'\{\s*"name"\s*:\s*"([\w.-]+)"\s*,\s*"(?:arguments|parameters)"\s*:\s*(?=\{)')
_NEXT = re.compile(r",?\s*(?=\{)")
_NEXT_BEGUN = re.compile(r",?\s*")
_SPACE = re.compile(r"\s*")
_KEYS = {"name", "arguments", "parameters", "id", "type"}
_CLOSERS = {"<tool_call>": ["</tool_call>"], _FENCE: [_FENCE]}
_decode = json.JSONDecoder().raw_decode


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
        self._object = 0
        self._closers: list[str] = []
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
        while self._step():
            pass
        events, self._events = self._events, []
        return events

    # The steps.

    def _words(self) -> bool:
        if self._told == self._floor:  # blanks around calls are part of no answer
            self._told = self._floor = self._skip_blanks(self._told)
            self._scanned = max(self._scanned, self._told)
        opening = self._find_opening()
        if opening is None:
            self._tell(len(self._text) if self._final else self._certain())
            return False
        self._tell(self._without_blanks(opening))
        self._opening = opening
        self._step = self._head
        return True

    def _head(self) -> bool:
        named = _NAMED.match(self._text, self._opening)
        if named and named[1] in self._names:
            self._object = named.end()
            self._closers = []
            self._step = lambda: self._named_call(named[1])
            return True
        head = _HEAD.match(self._text, self._opening)
        if head:
            literal = _literal_at(self._text, self._opening)
            self._object = head.end()
            self._closers = [*("]" * bool(head[1])), *_CLOSERS.get(literal, [])]
            self._step = self._call
            return True
        begun = any(
            form.fullmatch(self._text, self._opening) for form in (_HEAD_BEGUN, _NAMED_BEGUN)
        )
        return self._refuse() if named or self._final or not begun else False

    def _call(self) -> bool:
        header = _HEADER.match(self._text, self._object)
        sure = self._sure and self._text.startswith(self._sure, self._opening)
        if sure and header and header[1] in self._names:
            self._closers.insert(0, "}")
            return self._begin_arguments(header[1], header.end())
        try:
            value, end = self._value()
        except ValueError:
            return self._refuse()
        if not self._may_be_call(value, whole=end is not None):
            return self._refuse()
        if end is None:
            return self._refuse() if self._final else False
        self._begin(value["name"])
        if header:  # the text itself, not what Python would make of it
            start = header.end()
            arguments = self._text[start : _decode(self._text, start)[1]]
        else:
            arguments = json.dumps(_arguments(value), ensure_ascii=False)
        self._events.append(Arguments(self._count - 1, arguments))
        return self._close(end)

    def _named_call(self, name: str) -> bool:
        if self._sure and self._text.startswith(self._sure, self._opening):
            return self._begin_arguments(name, self._object)
        try:
            _, end = self._value()
        except ValueError:
            return self._refuse()
        if end is None:
            return self._refuse() if self._final else False
        self._begin(name)
        self._events.append(Arguments(self._count - 1, self._text[self._object : end]))
        return self._close(end)

    def _sure_arguments(self) -> bool:
        end = _end_of_value(self._text, self._object)
        text = self._text[self._told : end]
        self._told = len(self._text) if end is None else end
        if text:
            self._events.append(Arguments(self._count - 1, text))
        return False if end is None else self._close(end)

    def _after(self) -> bool:
        at = self._skip_blanks(self._told)
        closer = self._closers[0] if self._closers else None
        if closer and self._text.startswith(closer, at):
            self._told = at + len(self._closers.pop(0))
            return True
        following = _NEXT.match(self._text, at) if closer not in (None, "}") else None
        if following:
            self._object = following.end()
            self._scanned = self._object + 1
            self._step = self._call
            return True
        if closer and not self._final:
            begun = _NEXT_BEGUN.fullmatch(self._text, at)
            if begun or closer.startswith(self._text[at:]):
                return False
        self._told = self._scanned = self._floor = at
        self._step = self._words
        return True

    def _nothing(self) -> bool:
        return False

    # What the steps share.

    def _find_opening(self) -> int | None:
        while found := _OPENING.search(self._text, self._scanned):
            start = found.start()
            if not self._final and _unfinished(self._text[start:]):
                return None
            self._scanned = found.end()
            if found[0] in _MARKS:
                return start
            line = self._text[max(self._text.rfind("\n", 0, start) + 1, self._floor) : start]
            if line.strip():
                continue
            if not self._fenced:
                return start
            if found[0] == _FENCE:
                self._fenced = False
        return None

    def _certain(self) -> int:
        """Up to where no opening can begin any more."""
        held = max(
            (
                size
                for literal in (*_MARKS, _FENCE)
                for size in range(1, len(literal))
                if self._text.endswith(literal[:size], self._scanned)
            ),
            default=0,
        )
        self._scanned = len(self._text) - held
        return self._without_blanks(self._scanned)

    def _value(self) -> tuple[Any, int | None]:
        """The object that has begun, and its end if that has come; ValueError when it is none."""
        try:
            value, end = _decode(self._text, self._object)
        except json.JSONDecodeError:
            return from_json(self._text[self._object :], allow_partial="trailing-strings"), None
        except RecursionError as error:
            raise ValueError("too deep") from error
        from_json(self._text[self._object : end])  # the stricter of the two
        return value, end

    def _may_be_call(self, value: dict[str, Any], *, whole: bool) -> bool:
        name = value.get("name", None if whole else "")
        if not isinstance(name, str) or not value.keys() <= _KEYS:
            return False
        known = name in self._names if whole else any(one.startswith(name) for one in self._names)
        return known and isinstance(_arguments(value), dict)

    def _begin(self, name: str) -> None:
        # Nine letters and digits: Mistral's templates refuse any other form.
        self._events.append(CallBegins(self._count, secrets.token_hex(5)[:9], name))
        self._count += 1

    def _begin_arguments(self, name: str, at: int) -> bool:
        self._begin(name)
        self._told = self._object = at
        self._step = self._sure_arguments
        return True

    def _close(self, end: int) -> bool:
        self._told = end
        full = self._most is not None and self._count >= self._most
        self._step = self._nothing if full else self._after
        return True

    def _refuse(self) -> bool:
        if self._text.startswith(_FENCE, self._opening):
            self._fenced = True
        self._step = self._words
        return True

    def _tell(self, stop: int) -> None:
        if stop > self._told:
            self._events.append(Words(self._text[self._told : stop]))
            self._told = stop

    def _skip_blanks(self, at: int) -> int:
        blanks = _SPACE.match(self._text, at)
        return blanks.end() if blanks else at

    def _without_blanks(self, stop: int) -> int:
        return self._told + len(self._text[self._told : stop].rstrip())


def _arguments(value: dict[str, Any]) -> Any:
    return value.get("arguments", value.get("parameters", {}))


def _literal_at(text: str, at: int) -> str:
    found = _OPENING.match(text, at)
    return found[0] if found else ""


def _unfinished(rest: str) -> bool:
    """Whether more text could make a mark or a fence of this."""
    return rest not in (*_MARKS, _FENCE) and any(
        literal.startswith(rest) for literal in (*_MARKS, _FENCE)
    )


def _end_of_value(text: str, at: int) -> int | None:
    try:
        return _decode(text, at)[1]
    except (ValueError, RecursionError):
        return None
