"""Houses for the tests of backup, restore, drill and update, made once and copied."""

from __future__ import annotations

import shutil
from collections.abc import Iterator

import pytest
from backup_house import BackedUpHouse, short_folder


@pytest.fixture(scope="session")
def furnished_house() -> Iterator[BackedUpHouse]:
    """A house with data, never backed up; never changed either."""
    with short_folder() as folder:
        house = BackedUpHouse(folder)
        house.furnish()
        yield house


@pytest.fixture(scope="session")
def stored_house(furnished_house: BackedUpHouse) -> Iterator[BackedUpHouse]:
    """That house with one backup in a real restic repository."""
    if shutil.which("restic") is None:
        pytest.skip("restic is not installed")
    with short_folder() as folder:
        house = furnished_house.copied_to(folder)
        house.back_up()
        yield house


@pytest.fixture
def fresh_house(furnished_house: BackedUpHouse) -> Iterator[BackedUpHouse]:
    """A house with data, for this test alone."""
    with short_folder() as folder:
        yield furnished_house.copied_to(folder)


@pytest.fixture
def kept_house(stored_house: BackedUpHouse) -> Iterator[BackedUpHouse]:
    """A house with data and a backup, for this test alone."""
    with short_folder() as folder:
        yield stored_house.copied_to(folder)
