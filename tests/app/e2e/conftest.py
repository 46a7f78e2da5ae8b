"""A whole house for the tests: the programs that `make run` starts, on the sample household."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from running import RunningHouse


@pytest.fixture(scope="session")
def house(tmp_path_factory: pytest.TempPathFactory, models_dir: Path) -> Iterator[RunningHouse]:
    """The house with the models that `make run` uses."""
    running = RunningHouse(tmp_path_factory.mktemp("house"), models_dir)
    with running.started():
        yield running
