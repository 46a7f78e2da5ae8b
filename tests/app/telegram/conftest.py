"""The real program and the real hub between a Bot API server on loopback and a scripted pod."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from bot_api import BotApi
from hub_house import ROOMY, House, running_house
from telegram_house import HouseWithTelegram, Program, fresh_program, somebody, strict_api
from telegram_people import Person


@pytest.fixture(scope="module")
def house() -> Iterator[House]:
    """One house for a module; each test brings members of its own."""
    with running_house(ROOMY, HouseWithTelegram) as house:
        yield house


@pytest.fixture
def api() -> Iterator[BotApi]:
    """Telegram. Whatever a test does, nothing it is sent may be wrong."""
    with strict_api() as api:
        yield api


@pytest.fixture
def program(house: House, api: BotApi, tmp_path: Path) -> Iterator[Program]:
    """The channel's program, not started yet, with nothing to remember."""
    with fresh_program(house, api, tmp_path) as program:
        yield program


@pytest.fixture
def stranger(api: BotApi) -> Person:
    """Somebody with Telegram."""
    return somebody(api)
