"""What a payment was for, by the bank's own word or by the words of payee and purpose."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Sequence
from functools import lru_cache
from importlib.resources import files
from typing import Any

from hearth.core.terms import stemmed
from hearth.tools.ledger.folding import tokens

TRANSFER = "transfer"
INCOME = "income"
OTHER = "other"
RECEIVED = frozenset({INCOME, "salary"})  # questions about these mean money in
_OWN_TRANSFER = re.compile(
    r"\btransfer (to|from)\b.*\b(card|account|savings|konto)\b", re.IGNORECASE
)


def of_payment(payee: str, purpose: str, bank: str, holder: str, *, received: bool) -> str:
    """The category; `bank` is the bank's own word for it, `holder` the account's owner."""
    if _own(payee, purpose, holder):
        return TRANSFER
    known = (of_words(bank) or _by_rules(bank)) if bank else None
    found = known or _by_rules(f"{payee} | {purpose}")
    return found or (INCOME if received else OTHER)


def of_words(said: str) -> str | None:
    """The category that someone means by exactly these words."""
    return _names().get(_stems(said))


def name(category: str) -> str:
    """How an answer calls the category."""
    return str(_table().get(category, {}).get("name", category))


def _own(payee: str, purpose: str, holder: str) -> bool:
    named = set(tokens(payee))
    return (len(named) > 1 and named <= set(tokens(holder))) or bool(_OWN_TRANSFER.search(purpose))


def _by_rules(text: str) -> str | None:
    found = f" {' '.join(tokens(text))} "
    return next((category for category, rule in _rules() if rule.search(found)), None)


@lru_cache(maxsize=1)
def _table() -> dict[str, Any]:
    return tomllib.loads(files(__package__).joinpath("categories.toml").read_text("utf-8"))


@lru_cache(maxsize=1)
def _rules() -> Sequence[tuple[str, re.Pattern[str]]]:
    return [
        (category, re.compile("|".join(map(_pattern, entry["words"]))))
        for category, entry in _table().items()
        if entry["words"]
    ]


def _pattern(word: str) -> str:
    start = r"" if word.startswith("*") else " "
    end = r"" if word.endswith("*") else " "
    return start + re.escape(" ".join(tokens(word))) + end


@lru_cache(maxsize=1)
def _names() -> dict[frozenset[str], str]:
    return {
        _stems(word): category
        for category, entry in _table().items()
        for word in (category, *entry["said"])
    }


def _stems(text: str) -> frozenset[str]:
    return stemmed(tokens(text))
