"""A house with the real hub and two real pods, and members for it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hub_house import ROOMY, STRICT, House, running_house

from hearth.core.people import ALL_RIGHTS


@pytest.fixture(scope="session")
def house() -> Iterator[House]:
    """One house for all; each test brings members of its own."""
    with running_house(ROOMY) as house:
        yield house


@pytest.fixture
def strict_house() -> Iterator[House]:
    """A house behind TLS that allows little."""
    with running_house(STRICT) as house:
        yield house


@pytest.fixture
def anna(house: House) -> str:
    """A member with all rights in the family pod, and none elsewhere."""
    return house.add_member(grants={"family": ALL_RIGHTS})


@pytest.fixture
def ben(house: House) -> str:
    """A member with all rights in the finance pod, and none elsewhere."""
    return house.add_member(grants={"finance": ALL_RIGHTS})
