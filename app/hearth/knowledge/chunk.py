"""Passages of a text, cut where the text itself has seams: headings, paragraphs, list items."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from hearth.store.pod.chunks import NewChunk

PAGE_END = "\f"
MOST_WORDS = 200  # what the embedding model's window of 256 tokens holds
_ENOUGH_WORDS = 120  # from here a passage closes at the next seam
_SECTION_WORDS = 50  # a section shorter than this takes the next one in
_MOST_CHARACTERS = 1_500  # of words that are not really words

_HEADING = re.compile(r"#{1,6}[ \t]+(?P<title>.*?)[ \t#]*$")
_UNDERLINE = re.compile(r"(=|-){3,}[ \t]*$")
_ITEM = re.compile(r"[ \t]*([-*+•]|\d{1,3}[.)])[ \t]+\S")
_FENCE = re.compile(r"[ \t]*(```|~~~)")
_WORD = re.compile(r"\S+")


@dataclass(frozen=True)
class _Block:
    """Neighbouring lines that belong together, under the heading in force."""

    first: int  # lines, from 1
    last: int
    heading: str
    opens: bool = False  # it begins with the heading itself

    def joined(self, other: _Block) -> _Block:
        return replace(self, last=other.last)


def chunk(text: str, *, paged: bool = False, markdown: bool = False) -> list[NewChunk]:
    """The passages of `text` in order.

    Every passage is a verbatim piece of its lines `first_line` to `last_line`, which count from 1
    (within the page, for a text whose pages end with a form feed), and every word is in one.
    """
    if not paged:
        return list(_page(text, None, markdown=markdown))
    pages = text.split(PAGE_END)
    return [
        piece
        for number, page in enumerate(pages, start=1)
        for piece in _page(page, number, markdown=markdown)
    ]


def headings(text: str, *, markdown: bool) -> Iterator[str]:
    """The headings of a text, in order."""
    for block in _blocks(text.split("\n"), markdown=markdown):
        if block.opens:
            yield block.heading


def _page(text: str, page: int | None, *, markdown: bool) -> Iterator[NewChunk]:
    lines = text.split("\n")
    for block in _packed(lines, list(_blocks(lines, markdown=markdown))):
        for first, last, piece in _pieces(lines, block):
            yield NewChunk(piece, first, last, block.heading, page)


def _blocks(lines: Sequence[str], *, markdown: bool) -> Iterator[_Block]:
    heading, start, fenced = "", 0, False
    for number, line in enumerate([*lines, ""], start=1):
        fence = markdown and bool(_FENCE.match(line))
        title = None if fenced else _heading(lines, number, markdown=markdown)
        ends = not line.strip() or title is not None or bool(_ITEM.match(line))
        if start and ends and (not fenced or number > len(lines)):
            yield _Block(start, number - 1, heading)
            start = 0
        fenced ^= fence
        if title is not None:
            heading = title
            yield _Block(number, number, heading, opens=True)
        elif line.strip() and not start:
            start = number


def _heading(lines: Sequence[str], number: int, *, markdown: bool) -> str | None:
    """The title, if line `number` is a heading: `# Title`, or underlined with === or ---."""
    line = lines[number - 1] if number <= len(lines) else ""
    if markdown and (found := _HEADING.match(line)):
        return found["title"]
    below = lines[number] if number < len(lines) else ""
    above = lines[number - 2] if number > 1 else ""
    underlined = _UNDERLINE.match(below) and not above.strip() and re.search(r"\w", line)
    return line.strip() if underlined else None


def _packed(lines: Sequence[str], blocks: Sequence[_Block]) -> Iterator[_Block]:
    """Blocks joined to passages of a good size; a short page is one passage."""
    if blocks and _count(lines, blocks[0].joined(blocks[-1])) <= MOST_WORDS:
        yield blocks[0].joined(blocks[-1])
        return
    current: _Block | None = None
    for block in blocks:
        if current and _fits(lines, current, block):
            current = current.joined(block)
            continue
        if current:
            yield current
        current = block
    if current:
        yield current


def _fits(lines: Sequence[str], current: _Block, block: _Block) -> bool:
    held = _count(lines, current)
    if block.opens and held >= _SECTION_WORDS:
        return False
    only_heading = current.opens and current.first == current.last
    whole = _count(lines, current.joined(block))
    return only_heading or (held < _ENOUGH_WORDS and whole <= MOST_WORDS)


def _count(lines: Sequence[str], block: _Block) -> int:
    return sum(len(line.split()) for line in lines[block.first - 1 : block.last])


def _pieces(lines: Sequence[str], block: _Block) -> Iterator[tuple[int, int, str]]:
    """The block's text with its lines; in several pieces where it is too long for one."""
    start, words, characters = block.first, 0, 0
    for number in range(block.first, block.last + 1):
        line = lines[number - 1]
        size = len(line.split())
        if number > start and (
            words + size > MOST_WORDS or characters + len(line) > _MOST_CHARACTERS
        ):
            yield from _cut(lines, start, number - 1)
            start, words, characters = number, 0, 0
        words += size
        characters += len(line) + 1
    yield from _cut(lines, start, block.last)


def _cut(lines: Sequence[str], first: int, last: int) -> Iterator[tuple[int, int, str]]:
    filled = [number for number in range(first, last + 1) if lines[number - 1].strip()]
    if not filled:
        return
    first, last = filled[0], filled[-1]
    text = "\n".join(lines[first - 1 : last])
    if first < last or _is_small(text):
        yield first, last, text
        return
    for piece in _split(text):
        yield first, last, piece


def _is_small(text: str) -> bool:
    return len(text) <= _MOST_CHARACTERS and len(text.split()) <= MOST_WORDS


def _split(line: str) -> Iterator[str]:
    """A line too long for one passage, cut at the ends of sentences where there are any."""
    start, end, words = 0, 0, 0
    for word in _WORD.finditer(line):
        full = words == MOST_WORDS or word.end() - start > _MOST_CHARACTERS
        ended = words >= _ENOUGH_WORDS and line[end - 1] in ".!?"
        if words and (full or ended):
            yield line[start:end]
            start, words = word.start(), 0
        words += 1
        end = word.end()
        while end - start > _MOST_CHARACTERS:
            yield line[start : start + _MOST_CHARACTERS]
            start += _MOST_CHARACTERS
    if line[start:end].strip():
        yield line[start:end]
