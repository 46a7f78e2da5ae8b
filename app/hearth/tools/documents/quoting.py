"""The sentences of a passage that bear on a question."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from hearth.core.terms import stems

_SEAM = re.compile(
    r"(?<=[.!?])[\"'”’)]*\s+(?=[\"'“‘(]?[A-ZÀ-Þ0-9])|\n\s*\n|\n(?=\s*([-*•|#]|\d+[.)]\s))"
)
_ABBREVIATED = re.compile(r"\b(Dr|Mr|Mrs|Ms|Prof|St|No|Nr|Str|approx|ca|e\.g|i\.e|z\.B|[A-Z])\.$")
_FIGURE = re.compile(r"\d")
_ASKS_FIGURE = re.compile(
    r"\b(when|how (much|many|long|often|old|far)|what (time|date|day|number|price|sum)"
    r"|cost|price|phone|telephone|number|password|deadline|due)\b",
    re.IGNORECASE,
)
_MARKUP = re.compile(r"^\s*(#{1,6}|[-*•])\s+|[*`_]{1,3}(?=\S)|(?<=\S)[*`_]{1,3}")
_FIGURE_BONUS = 0.5
_WHOLE_BONUS = 0.4  # for what ends like a sentence, and is no letterhead
_IN_TITLE = 0.3  # a word of the title says little about where in the document to look


@dataclass(frozen=True)
class _Sentence:
    text: str
    weight: float


def quote(text: str, title: str, question: str, most: int, least: int = 0) -> str:
    """The best run of neighbouring sentences of `text`, at most `most` characters.

    It grows by what bears on the question, and by whatever is beside it up to `least` characters.
    """
    found = _weighed(text, title, question)
    if not found:
        return ""
    first = last = max(range(len(found)), key=lambda at: (found[at].weight, -at))
    size = len(found[first].text)
    while (at := _neighbour(found, first, last, most - size)) is not None:
        if found[at].weight == 0 and size >= least:
            break
        first, last = min(first, at), max(last, at)
        size += 1 + len(found[at].text)
    run = " ".join(sentence.text for sentence in found[first : last + 1])
    return run if len(run) <= most else run[: most - 1].rsplit(" ", 1)[0] + "…"


def _neighbour(found: list[_Sentence], first: int, last: int, room: int) -> int | None:
    """The weightier neighbour of a run that fits into `room` characters."""
    near = [at for at in (last + 1, first - 1) if 0 <= at < len(found)]
    fitting = [at for at in near if len(found[at].text) < room]
    return max(fitting, key=lambda at: found[at].weight, default=None)


def _weighed(text: str, title: str, question: str) -> list[_Sentence]:
    known = stems(title)
    wanted = {stem: _IN_TITLE if stem in known else 1.0 for stem in stems(question)}
    figure = _ASKS_FIGURE.search(question) is not None
    return [_Sentence(one, _weight(one, wanted, figure=figure)) for one in sentences(text)]


def _weight(sentence: str, wanted: Mapping[str, float], *, figure: bool) -> float:
    held = sum(wanted[stem] for stem in stems(sentence) & wanted.keys())
    whole = _WHOLE_BONUS if held and sentence[-1] in ".!?" else 0.0
    return held + whole + (_FIGURE_BONUS if held and figure and _FIGURE.search(sentence) else 0.0)


def sentences(text: str) -> Iterator[str]:
    """The sentences, list items and headings of a text, its markup removed."""
    start = 0
    for seam in _SEAM.finditer(text):
        if _ABBREVIATED.search(text[start : seam.start()]):
            continue
        yield from _plain(text[start : seam.start()])
        start = seam.end()
    yield from _plain(text[start:])


def _plain(sentence: str) -> Iterator[str]:
    bare = " ".join(_MARKUP.sub("", sentence).split())
    if re.search(r"\w", bare):
        yield bare
