"""Which column of a statement is which."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from typing import Any

from hearth.tools.ledger.folding import tokens

_NEEDED = ("date", "payee", "purpose", "amount", "debit", "credit")
_ROLES = (*_NEEDED, "side", "currency", "id", "category", "account")
_CURRENCY = re.compile(r"[(\[]([A-Z]{3})[)\]]|\bin ([A-Z]{3})$")
_BRACKETS = re.compile(r"[(\[].*?[)\]]")


@dataclass(frozen=True)
class Columns:
    """The place of each role that the header names, counted from 0."""

    at: Mapping[str, int]
    width: int
    currency: str | None = None  # as a header says it: "Betrag (EUR)"

    @property
    def missing(self) -> str | None:
        """What a statement needs and this header lacks."""
        if "date" not in self.at:
            return "a date"
        if not {"payee", "purpose"} & self.at.keys():
            return "a payee or purpose"
        if "amount" not in self.at and not {"debit", "credit"} <= self.at.keys():
            return "an amount"
        return None


@lru_cache(maxsize=1)
def vocabulary() -> dict[str, Any]:
    """The table of column names."""
    return tomllib.loads(files(__package__).joinpath("columns.toml").read_text("utf-8"))


def folded(name: str) -> str:
    """A name without case, accents, punctuation, and whatever is in brackets."""
    return "".join(tokens(_BRACKETS.sub("", name)))


def match(header: Sequence[str]) -> Columns:
    """The roles of the columns that these names stand for."""
    names = [folded(name) for name in header]
    at: dict[str, int] = {}
    for role in _ROLES:
        for known in vocabulary()[role]:
            if folded(known) in names:
                at.setdefault(role, names.index(folded(known)))
    found = [_CURRENCY.search(header[at[role]]) for role in ("amount", "debit") if role in at]
    currency = next((one[1] or one[2] for one in found if one), None)
    return Columns(at, _width(header), currency)


def heading(label: str) -> str | None:
    """What a line above the columns says: "account", "holder", "currency"."""
    name = folded(label.rstrip(": "))
    roles: dict[str, list[str]] = vocabulary()["heading"]
    return next((r for r, known in roles.items() if name in map(folded, known)), None)


def side(text: str) -> int | None:
    """-1 where a column says "debit", 1 where it says "credit"."""
    sides = vocabulary()["sides"]
    name = folded(text)
    return -1 if name in sides["out"] else 1 if name in sides["in"] else None


def _width(header: Sequence[str]) -> int:
    """How many columns there are; a separator at the end of the line opens no other."""
    return max(index for index, name in enumerate(header, 1) if name.strip())
