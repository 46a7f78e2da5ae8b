"""Tables, and the part of Nix's words that matters."""

from __future__ import annotations

import re

_COLOUR = re.compile(r"\x1b\[[0-9;]*m")
_MISSING = re.compile(r"attribute '([\w-]+)' missing")


def table(rows: list[list[str]]) -> str:
    """Return rows as text, columns aligned; the first row heads the others."""
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    ]
    return "\n".join([lines[0], "-" * max(map(len, lines)), *lines[1:]])


def cause(said: str) -> str:
    """Return the last error in what Nix said, on one line, with the remedy where it is ours."""
    said = _COLOUR.sub("", said)
    last = re.split(r"(?:^|\n)\s*error: ", said)[-1]
    line = " ".join(last.split())
    if missing := _MISSING.search(line):
        line += (
            f" (if `{missing[1]}` is a package that nixpkgs has, add it to "
            "tests/nix/stand-in/more-names.txt)"
        )
    return line
