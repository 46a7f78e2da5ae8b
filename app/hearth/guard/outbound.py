"""The guard on the way out: words leave by the sentence, and only if the evidence carries them."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from dataclasses import dataclass

from hearth.core.drafts import Draft, Evidence
from hearth.core.tools import ToolResult
from hearth.guard.figures import expand, figures, without_markers

_BOUNDARY = re.compile(r"(?<=[.!?])(?:\s*\[\d+(?:\s*,\s*\d+)*\])*\s+(?=[A-Z0-9“\"(\[À-Þ])|\n+")
_NOT_AN_END = re.compile(
    r"(?:\b(?:Mr|Mrs|Ms|Dr|St|No|Nr|a\.m|p\.m|e\.g|i\.e|approx)\.|\b\d{1,2}\.)$"
)
_ENDED = re.compile(r"(?:[.!?…][\"”’')]*|\])\s*$")
_UNKNOWN = re.compile(
    r"\b(?:I (?:do not|don['’]t) know|(?:do(?:es)? not|doesn['’]t|don['’]t) (?:contain|mention|say|"
    r"provide|include|specify)|no information|not (?:mentioned|specified|provided|stated))\b",
    re.IGNORECASE,
)
_NAME = re.compile(r"(?<![.!?:]\s)(?<!^)(?<![“\"(\[])\b[A-ZÀ-Þ][\w’'-]{2,}")
_CONTENT = re.compile(r"[^\W\d_]{4,}")
_SUPPORT = 0.5  # share of a sentence's longer words that the evidence or the question must hold


@dataclass(frozen=True)
class Released:
    """A piece of the answer that may be shown. `own` marks the tool's own words, which stand in
    where the model's did not pass; `unknown` says that the sources hold no answer."""

    text: str
    own: bool = False
    unknown: bool = False


async def outbound(
    drafts: AsyncIterator[Draft], question: str
) -> AsyncIterator[Evidence | Released]:
    """Pass evidence on, and release words a sentence at a time.

    The first sentence that the evidence does not carry ends the model's wording; the tool's own
    answer follows instead. The same goes for an answer without any words.
    """
    evidence: Evidence | None = None
    checker: Checker | None = None
    pending = ""
    async for draft in drafts:
        if isinstance(draft, Evidence):
            evidence, checker = draft, Checker(draft.result, question)
            yield draft
            continue
        if checker is None:
            raise ValueError("words came before any evidence")
        pending += draft.text
        *whole, pending = sentences(pending)
        for sentence in whole:
            if not checker.passes(sentence):
                break
            yield Released(sentence)
        if checker.stopped:
            break
    if evidence is None or checker is None:
        return
    if checker.may_end_with(pending) and checker.passes(pending):
        yield Released(pending)
    for last in checker.rest():
        yield last


class Checker:
    """Decides sentence by sentence; keeps what it released and whether it stopped."""

    def __init__(self, result: ToolResult, question: str) -> None:
        evidence = " \n".join([*(fact.text for fact in result.facts), result.answer, question])
        self._result = result
        self._allowed = expand(figures(evidence))
        self._words = _stems(evidence)
        self._names = evidence.lower()
        self._computed = [fact.text for fact in result.facts if fact.citation is None]
        self._markers = {fact.citation.number for fact in result.facts if fact.citation}
        self._said = ""
        self._unknown = False
        self.stopped = False

    def passes(self, sentence: str) -> bool:
        """Whether this next sentence may go out."""
        if _UNKNOWN.search(sentence):
            self._unknown = self.stopped = True
        elif not self._carried(sentence):
            self.stopped = True
        else:
            self._said += sentence
        return not self.stopped

    def may_end_with(self, pending: str) -> bool:
        """Whether what came last is worth checking: a sentence cut off after others is not."""
        if self.stopped or not pending.strip():
            return False
        return not self._said.strip() or _ENDED.search(pending) is not None

    def rest(self) -> list[Released]:
        """What completes the answer once the model's words have ended."""
        # Not knowing is for what was looked up; what was computed is known whatever the model says.
        known = bool(self._computed) or self._result.sure
        if self._unknown and not known and not self._said.strip():
            return [Released("", unknown=True)]
        if self.stopped or not self._said.strip() or not self._has_computed():
            start = "\n\n" if self._said.strip() else ""
            own = [Released(start + self._result.answer, own=True)]
            return own if known or not self._unknown else []
        return []

    def _carried(self, sentence: str) -> bool:
        plain = without_markers(sentence)
        if not figures(plain) <= self._allowed or not _markers(sentence) <= self._markers:
            return False
        if any(name.lower().strip("’'") not in self._names for name in _NAME.findall(plain)):
            return False
        words = _stems(plain)
        return not words or len(words & self._words) / len(words) >= _SUPPORT

    def _has_computed(self) -> bool:
        """A computed fact's figures are the answer: at least one must have been said."""
        wanted = {figure for text in self._computed for figure in figures(text) if "." in figure}
        return not wanted or bool(wanted & figures(self._said))


def sentences(text: str) -> list[str]:
    """`text` cut after each full sentence, spaces kept; the last piece may be incomplete."""
    pieces: list[str] = []
    start = 0
    for match in _BOUNDARY.finditer(text):
        if _NOT_AN_END.search(text[start : match.start()]):
            continue
        pieces.append(text[start : match.end()])
        start = match.end()
    return [*pieces, text[start:]]


def markers(text: str) -> list[int]:
    """The numbers of the citation markers in `text`, in order, each once."""
    return list(dict.fromkeys(sorted(_markers(text))))


def _markers(text: str) -> set[int]:
    groups = re.findall(r"\[(\d+(?:\s*,\s*\d+)*)\]", text)
    return {int(number) for group in groups for number in group.split(",")}


def _stems(text: str) -> set[str]:
    return {word.lower()[:5] for word in _CONTENT.findall(text)}
