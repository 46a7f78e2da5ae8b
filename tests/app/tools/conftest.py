"""Pods with calendars."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from diaries import NOW, Pod

from hearth.ops.sample import write_household


@pytest.fixture
def pod(tmp_path: Path) -> Iterator[Pod]:
    """A pod with an empty calendar."""
    pod = Pod(tmp_path)
    yield pod
    pod.database.close()


@pytest.fixture(scope="module")
def family(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pod]:
    """A pod with the sample household's family and work calendars, to read only."""
    folder = tmp_path_factory.mktemp("household")
    write_household(folder, NOW.date())
    pod = Pod(tmp_path_factory.mktemp("pod"))
    for name in ("family.ics", "work.ics"):
        pod.enter(name, (folder / "family" / name).read_bytes())
    yield pod
    pod.database.close()
