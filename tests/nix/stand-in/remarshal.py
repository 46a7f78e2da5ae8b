#!/usr/bin/python3
"""remarshal's json2yaml and json2toml, as much of them as nixpkgs' settings formats call."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any, TextIO


def key(name: str) -> str:
    """Return a TOML key, quoted where it must be."""
    return name if name.replace("_", "").replace("-", "").isalnum() else json.dumps(name)


def value(given: Any) -> str:
    """Return a TOML value on one line."""
    if isinstance(given, dict):
        inner = ", ".join(f"{key(name)} = {value(item)}" for name, item in given.items())
        return f"{{ {inner} }}" if inner else "{}"
    if isinstance(given, list):
        return f"[{', '.join(map(value, given))}]"
    return json.dumps(given, ensure_ascii=False)


def toml(table: dict[str, Any], path: tuple[str, ...] = ()) -> list[str]:
    """Return the lines of a table: its own values, then the tables inside it, one header each."""
    lines = [f"{key(n)} = {value(v)}" for n, v in table.items() if not isinstance(v, dict)]
    for name, item in table.items():
        if isinstance(item, dict):
            inner = (*path, name)
            lines += ["", f"[{'.'.join(map(key, inner))}]", *toml(item, inner)]
    return lines


def convert(program: str, given: Any, into: TextIO) -> None:
    """Write what the program of this name makes of a value."""
    if program == "json2yaml":
        import yaml  # type: ignore[import-untyped]  # noqa: PLC0415 - only the root has it

        yaml.safe_dump(given, into, sort_keys=True)
    elif program == "json2toml":
        into.write("\n".join(toml(given)).strip() + "\n")
    else:
        json.dump(given, into)


def main(program: str, arguments: list[str]) -> None:
    """Read JSON from a file or standard input, write to a file or standard output."""
    files = [argument for argument in arguments if not argument.startswith("-")]
    given = json.loads(Path(files[0]).read_text() if files else sys.stdin.read())
    if len(files) > 1:
        with Path(files[1]).open("w") as into:
            convert(program, given, into)
    else:
        convert(program, given, sys.stdout)


if __name__ == "__main__":
    main(Path(sys.argv[0]).name, sys.argv[1:])
