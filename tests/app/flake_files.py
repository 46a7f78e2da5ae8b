"""What the tests here read of the flake, without Nix."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]

_INPUT = re.compile(
    r"^    (?P<name>[\w-]+)(?:\.url = \"(?P<short>[^\"]+)\";| = \{(?P<body>.*?)^    \};)",
    re.MULTILINE | re.DOTALL,
)


def inputs_of(flake: str) -> dict[str, tuple[str, dict[str, str]]]:
    """Each input of a flake.nix in this project's layout: its URL, and what its inputs follow."""
    block = re.search(r"^  inputs = \{\n(?P<body>.*?)^  \};", flake, re.MULTILINE | re.DOTALL)
    assert block is not None
    found = {}
    for entry in _INPUT.finditer(block["body"]):
        body = entry["body"] or ""
        url = entry["short"] or re.findall(r'url = "([^"]+)";', body)[0]
        follows = dict(re.findall(r'inputs\.([\w-]+)\.follows = "([^"]+)";', body))
        found[entry["name"]] = (url, follows)
    return found


def lock() -> dict[str, Any]:
    """flake.lock."""
    found: dict[str, Any] = json.loads((ROOT / "flake.lock").read_text())
    return found
