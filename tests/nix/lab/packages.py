"""The list of Debian packages, and the key that it gives to a root."""

from __future__ import annotations

import hashlib
from pathlib import Path

LIST = Path(__file__).parents[1] / "packages.txt"
SUITE = "trixie"
# Changes when a root is made otherwise from the same list.
_RECIPE = 1


def packages(text: str) -> list[str]:
    """Return the names in a list, without comments and blanks, each once."""
    lines = (line.split("#")[0].strip() for line in text.splitlines())
    return list(dict.fromkeys(line for line in lines if line))


def root_key(names: list[str]) -> str:
    """Return what tells the roots of two lists apart; the order of names says nothing."""
    recipe = "\n".join([SUITE, str(_RECIPE), *sorted(names)])
    return hashlib.sha256(recipe.encode()).hexdigest()[:12]
