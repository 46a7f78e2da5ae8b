"""The line structure of an iCalendar file (RFC 5545, section 3.1), with line numbers."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from hearth.core.errors import BadInput
from hearth.tools.textfile import fault, line_at, lines, refuse_nul

_PROPERTY = re.compile(r'([A-Za-z0-9-]+)(?:;(?:[^":]|"[^"]*")*)?:(.*)', re.DOTALL)
_FOLDED = re.compile(r"([A-Za-z0-9-]+);")  # the colon is on a continuation line
_EXPORT = "Correct that line, or export the calendar again."
LINE = "X-HEARTH-LINE"  # a stored component remembers the line of its file


@dataclass(frozen=True)
class Block:
    """A component of the file as its raw lines; `first` is the number of its BEGIN line."""

    kind: str
    first: int
    lines: list[str] = field(default_factory=list)

    def value(self, name: str) -> str | None:
        """The unfolded value of a property of the component itself, not of those inside it."""
        depth = 0
        for line in unfolded(self.lines):
            match = _PROPERTY.match(line)
            if match is None:
                continue
            key = match[1].upper()
            depth += (key == "BEGIN") - (key == "END")
            if depth == 1 and key == name:
                return match[2].strip()
        return None

    def line_of(self, name: str) -> int:
        """The file's line on which a property stands; the component's own where it has none."""
        for offset, line in enumerate(self.lines):
            if re.match(rf"{re.escape(name)}[;:]", line, re.IGNORECASE):
                return self.first + offset
        return self.first

    def text(self) -> str:
        """The component with its place in the file as a property of its own."""
        head, *rest = self.lines
        kept = (line for line in rest if line.strip())
        return "\r\n".join((head, f"{LINE}:{self.first}", *kept)) + "\r\n"


@dataclass
class Outline:
    """A file's name for itself, its time zones and its events."""

    title: str | None = None
    zones: list[Block] = field(default_factory=list)
    events: list[Block] = field(default_factory=list)


def decode(data: bytes, name: str) -> str:
    """The file as text. BadInput names the line of what is not UTF-8."""
    refuse_nul(data, name)
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = line_at(data, error.start)
        raise fault(name, line, "these bytes are not UTF-8", _EXPORT) from error


def outline(text: str, name: str) -> Outline:
    """The components of the file. BadInput names the line where its structure breaks."""
    reader = _Reader(name)
    for line in lines(text):
        reader.take(line)
    return reader.end()


def unfolded(raw: list[str]) -> list[str]:
    """Content lines with their continuation lines joined."""
    joined: list[str] = []
    for line in raw:
        if line[:1] in {" ", "\t"} and joined:
            joined[-1] += line[1:]
        else:
            joined.append(line)
    return joined


class _Reader:
    """Follows the nesting of components line by line."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._found = Outline()
        self._opened: list[tuple[str, int]] = []  # the kind of each open component, and its line
        self._block: Block | None = None
        self._number = 0

    def take(self, line: str) -> None:
        """The next line of the file."""
        self._number += 1
        key, value = self._key(line)
        if key == "BEGIN":
            self._begin(value)
        if self._block is not None:
            self._block.lines.append(line)
        if key == "X-WR-CALNAME" and len(self._opened) == 1:
            self._found.title = value
        if key == "END":
            self._end(value)

    def end(self) -> Outline:
        """What the file holds, once it has ended."""
        if self._opened:
            kind, start = self._opened[-1]
            message = f"the file ends inside the {kind} that begins on line {start}"
            raise self._fault(message, "Export the calendar again; this copy is cut off.")
        if not self._number:
            raise fault(self._name, 1, "the file is empty", _EXPORT)
        return self._found

    def _key(self, line: str) -> tuple[str, str]:
        """The name and the value of a line; both empty where the line before goes on."""
        if not line.strip() or (self._opened and line[0] in " \t"):
            return "", ""
        match = _PROPERTY.match(line)
        key = match or _FOLDED.match(line)
        if key is None or not (self._opened or key[1].upper() == "BEGIN"):
            raise self._fault("this is not a line of an iCalendar file")
        value = match[2].strip() if match else ""
        name = key[1].upper()
        return name, value.upper() if name in {"BEGIN", "END"} else value

    def _begin(self, kind: str) -> None:
        if (kind == "VCALENDAR") == bool(self._opened):
            raise self._fault(f"BEGIN:{kind[:40]} does not belong here")
        self._opened.append((kind, self._number))
        if len(self._opened) == 2:
            self._block = Block(kind, self._number)

    def _end(self, kind: str) -> None:
        if self._opened[-1][0] != kind:
            inside, start = self._opened[-1]
            raise self._fault(f"END:{kind[:40]} closes the {inside} that begins on line {start}")
        self._opened.pop()
        if self._block is not None and len(self._opened) == 1:
            self._keep(self._block)
            self._block = None

    def _keep(self, block: Block) -> None:
        if block.kind == "VTIMEZONE":
            self._found.zones.append(block)
        elif block.kind == "VEVENT":
            self._found.events.append(block)

    def _fault(self, message: str, remedy: str = _EXPORT) -> BadInput:
        return fault(self._name, self._number, message, remedy)
