"""Which events a member means, by the words of their titles."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from hearth.core.terms import content_words, stems

_ABOUT_TIME = """
    agenda anybody anyone anything appointment appointments begin begins busy calendar calendars
    come coming date dates day days diary due end ends entry event events everyone everything
    family free going happen happening happens last left long many meeting meetings next nothing
    plan planned plans schedule scheduled somebody something soon start starts take takes place
    time times today tomorrow tonight upcoming week weeks
"""
_GENERIC = frozenset(_ABOUT_TIME.split())
_POSSESSOR = re.compile(r"\b([^\W\d_]+)['’]s?\b")
_ENOUGH = 0.5  # share of the words asked for that a title must hold


class Titled(Protocol):
    """Anything with the words of an event."""

    @property
    def summary(self) -> str:
        """What it is called."""

    @property
    def location(self) -> str:
        """Where it is."""

    @property
    def calendar(self) -> str:
        """Which calendar it is in."""


T = TypeVar("T", bound=Titled)


def subject(text: str) -> str:
    """The words of `text` that can name an event."""
    kept = [word for word in content_words(text) if word not in _GENERIC]
    return " ".join(kept)


@dataclass(frozen=True)
class Match(Generic[T]):
    """The events that some words name best; `exact` when they hold every word but an owner's."""

    asked: str
    events: list[T]
    exact: bool


def matching(asked: str, events: Iterable[T]) -> Match[T] | None:
    """The events that `asked` names best; None where no title holds enough of its words.

    What is owned counts: "Mia's exam" is an exam, not any event of Mia's.
    """
    wanted = stems(subject(asked))
    heads = wanted - stems(" ".join(_POSSESSOR.findall(asked))) or wanted
    scored = [(_score(wanted, heads, event), event) for event in events]
    best = max((score for score, _ in scored), default=0.0)
    if best < _ENOUGH:
        return None
    found = [event for score, event in scored if score == best]
    return Match(asked, found, exact=all(heads <= _words(event) for event in found))


def about(asked: str, events: Iterable[T]) -> list[T]:
    """The events that hold every word of `asked`."""
    wanted = stems(subject(asked))
    return [event for event in events if wanted <= _words(event)] if wanted else []


def _score(wanted: frozenset[str], heads: frozenset[str], event: Titled) -> float:
    held = wanted & _words(event)
    return len(held) / len(wanted) if held & heads else 0.0


def _words(event: Titled) -> frozenset[str]:
    return stems(f"{event.summary} {event.location} {event.calendar}")
