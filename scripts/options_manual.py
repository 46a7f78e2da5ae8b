"""Write docs/options.md from the options' data (pkgs/options.nix): JSON in, Markdown out."""

from __future__ import annotations

import json
import sys
from itertools import groupby
from typing import Any

Option = dict[str, Any]

HEAD = """\
# Options

Every option of Hearth's NixOS modules, made from the modules themselves by
`make options NIXPKGS=dir`; a test compares the names. The settings that the programs read are in
[configuration.md](configuration.md): `services.hearth.settings` takes any of them.
"""
PREFIX = "services.hearth."


WHOLE_HOUSE = "The whole house"


def section(name: str, groups: set[str]) -> str:
    """What an option is listed under: its group, or the whole house where it stands alone."""
    first = name.removeprefix(PREFIX).split(".")[0]
    return first if first in groups else WHOLE_HOUSE


def code(label: str, value: str) -> list[str]:
    """A labelled Nix expression: in the line when it is short, else in a block."""
    value = value.strip()
    if "\n" not in value and "`" not in value and len(value) <= 70:
        return [f"- {label}: `{value}`"]
    block = [f"  {line}".rstrip() for line in value.splitlines()]
    return [f"- {label}:", "", "  ```nix", *block, "  ```"]


def entry(option: Option) -> list[str]:
    """One option, with everything that it declares."""
    lines = [f"### {option['name']}".replace("<", "\\<"), "", option["description"].strip(), ""]
    lines.append(f"- Type: `{option['type']}`")
    if "default" in option:
        lines += code("Default", option["default"])
    if "example" in option:
        lines += code("Example", option["example"])
    if option["readOnly"]:
        lines.append("- Read only")
    places = ", ".join(f"[{place}](../{place})" for place in option["declared"])
    return [*lines, f"- Declared in {places}", ""]


def manual(options: list[Option]) -> str:
    """The whole page, sorted by name; the options that stand alone come first."""
    words = [option["name"].removeprefix(PREFIX).split(".") for option in options]
    groups = {first for first, *rest in words if rest}

    def place(option: Option) -> tuple[bool, str, str]:
        under = section(option["name"], groups)
        return under != WHOLE_HOUSE, under, option["name"]

    lines = [HEAD]
    for (_, name), group in groupby(sorted(options, key=place), key=lambda each: place(each)[:2]):
        lines += [f"## {name}", ""]
        for option in group:
            lines += entry(option)
    return "\n".join(lines).rstrip() + "\n"


if __name__ == "__main__":
    sys.stdout.write(manual(json.load(sys.stdin)))
