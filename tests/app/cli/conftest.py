"""The command line, run as a person runs it, against a house that is really there."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from command_line import CommandLine
from hub_house import ROOMY, House, running_house


@pytest.fixture(scope="module")
def house() -> Iterator[House]:
    """The real hub and two real pods, with a scripted agent."""
    with running_house(ROOMY) as house:
        yield house


@pytest.fixture(scope="module")
def hearth(house: House, tmp_path_factory: pytest.TempPathFactory) -> CommandLine:
    """The command line of that house."""
    config = tmp_path_factory.mktemp("configuration") / "hearth.toml"
    folder = house.settings.state_dir
    config.write_text(
        f'state_dir = "{folder}"\nruntime_dir = "{folder / "run"}"\n'
        '[pods.family]\nkind = "family"\n[pods.finance]\nkind = "finance"\n'
    )
    return CommandLine(config)


@pytest.fixture
def short_folder(tmp_path: Path) -> Iterator[Path]:
    """A folder whose path is short enough for sockets."""
    folder = tmp_path
    if len(str(tmp_path)) > 50:
        folder = Path("/tmp") / tmp_path.name  # noqa: S108 - pytest's own unique name
        folder.mkdir(mode=0o700)
    yield folder
    if folder != tmp_path:
        shutil.rmtree(folder)
