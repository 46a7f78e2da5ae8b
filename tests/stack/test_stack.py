"""The box as rendered, booted under real systemd: one test for each scenario."""

from __future__ import annotations

import environment
import pytest
import scenarios
from lab.root import root


@pytest.fixture(scope="session")
def machines() -> None:
    """The Debian root, and what the machines have below /opt/hearth."""
    if reason := scenarios.missing():
        pytest.skip(f"NOT BOOTED: {reason}")
    root()
    environment.make(scenarios.OPT)


@pytest.mark.timeout(1_500)
@pytest.mark.parametrize("name", scenarios.names())
def test_scenario(name: str, machines: None) -> None:
    failure = scenarios.run(name)
    assert failure is None, failure
