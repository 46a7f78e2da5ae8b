"""A house with one connector, and a server that has what it fetches."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from feed_house import CONFIGURATION, Connected
from feed_server import FeedServer, feed_server

from hearth.config import load


@pytest.fixture
def connected(tmp_path: Path) -> Connected:
    path = tmp_path / "hearth.toml"
    path.write_text(f"state_dir = {json.dumps(str(tmp_path / 'state'))}\n{CONFIGURATION}")
    return Connected(path, load(path))


@pytest.fixture
def server(tmp_path: Path) -> Iterator[FeedServer]:
    with feed_server(tmp_path / "server") as running:
        yield running
