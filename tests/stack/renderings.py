"""What is committed under tests/rendered: its hosts, and their own units."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import scenarios
from inside import Inside, inside
from lab.rendering import names, whole
from lab.root import root

HOSTS = names()
BOXES = [host for host in HOSTS if (whole(host) / "etc/hearth/hearth.toml").is_file()]
SYSTEM = "etc/systemd/system"

every_host = pytest.mark.parametrize("host", HOSTS, indirect=True)
every_box = pytest.mark.parametrize("host", BOXES, indirect=True)
one_box = pytest.mark.parametrize("host", ["box"], indirect=True)


@contextmanager
def opened(name: str) -> Iterator[Inside]:
    """A host's rendering in a scratch root; the test is skipped where there can be none."""
    if reason := scenarios.missing():
        pytest.skip(f"NOT CHECKED WITH THE REAL TOOLS: {reason}")
    with inside(root(), whole(name)) as ready:
        yield ready


def own_units(tree: Path) -> list[str]:
    """The names of the units that are ours whole."""
    files = (tree / SYSTEM).glob("hearth-*")
    return sorted(file.name for file in files if file.is_file() and not file.is_symlink())


def own_services(tree: Path) -> list[Path]:
    """The files of our services."""
    names = [name for name in own_units(tree) if name.endswith(".service")]
    return [tree / SYSTEM / name for name in names]


def values(text: str, *keys: str) -> list[str]:
    """What a unit's text gives some settings, line by line."""
    return re.findall(rf"^(?:{'|'.join(keys)})=(.+)$", text, re.MULTILINE)
