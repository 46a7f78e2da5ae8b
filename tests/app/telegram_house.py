"""A house whose family pod has a Telegram bot, and the program between the two."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

from bot_api import TOKEN, BotApi
from fastapi import FastAPI
from hub_house import House
from scripted_pod import FILE_BYTES
from telegram_people import PATIENCE, Person, eventually

import hearth.web
from hearth.config import PodSettings, TelegramSettings
from hearth.core.people import ALL_RIGHTS, Right
from hearth.hub.app import create_app

_numbers = count(5_000_000_001)


class HouseWithTelegram(House):
    """The hub with its pages, as its service puts it together; the family pod has a bot."""

    PODS = {
        "family": PodSettings(
            kind="family", file_bytes=FILE_BYTES, telegram=TelegramSettings(api="http://127.0.0.1")
        ),
        "finance": PodSettings(kind="finance", file_bytes=FILE_BYTES),
    }

    def app(self) -> FastAPI:
        app = create_app(self.hub, hearth.web.html_error)
        hearth.web.install(app, self.hub)
        return app


class Program:
    """`python -m hearth.services.telegram`, started, ended and killed."""

    def __init__(self, house: House, api: BotApi, folder: Path) -> None:
        self._folder = folder
        self._api = api
        self.log = folder / "telegram.log"
        self.state = house.settings.telegram_dir("family") / "state.json"
        self._process: subprocess.Popen[bytes] | None = None
        self._ops = house.settings.socket("telegram-family", "ops")
        token = folder / "token"
        token.write_text(f"{TOKEN}\n")
        self.config = folder / "hearth.toml"
        self.config.write_text(
            f'state_dir = "{house.settings.state_dir}"\n'
            f'runtime_dir = "{house.settings.runtime_dir}"\n'
            '[pods.family]\nkind = "family"\n'
            f'[pods.family.telegram]\ntoken_file = "token"\napi = "{api.address}"\n'
        )

    def start(self) -> None:
        """Start it; it is ready when it has polled."""
        polls = self._api.polls
        self.launch()
        eventually(lambda: self._api.polls > polls, "a poll")

    def launch(self) -> None:
        """Start it, and do not wait."""
        command = [sys.executable, "-m", "hearth.services.telegram", "--pod", "family"]
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [*command, "--config", str(self.config)],
                stdout=log,
                stderr=log,
                env={**os.environ, "PYTHONWARNINGS": "error"},
            )

    def end(self, number: signal.Signals = signal.SIGTERM) -> int:
        """End it; its exit status."""
        assert self._process is not None
        self._process.send_signal(number)
        return self._process.wait(PATIENCE)

    def ended(self) -> int:
        """Its exit status, when it ends by itself."""
        assert self._process is not None
        return self._process.wait(PATIENCE)

    def clean_up(self) -> None:
        """Leave nothing running."""
        if self._process is not None and self._process.poll() is None:
            self.end(signal.SIGKILL)


@contextmanager
def strict_api() -> Iterator[BotApi]:
    """A Bot API server that was sent nothing wrong."""
    api = BotApi()
    api.start()
    try:
        yield api
    finally:
        api.stop()
    assert api.faults == []


@contextmanager
def fresh_program(house: House, api: BotApi, folder: Path) -> Iterator[Program]:
    """The channel's program, not started yet, with nothing to remember; it never logs its token."""
    program = Program(house, api, folder)
    program.state.unlink(missing_ok=True)
    try:
        yield program
    finally:
        program.clean_up()
    assert TOKEN not in program.log.read_text()


def somebody(api: BotApi, name: str = "Sam") -> Person:
    """Somebody with Telegram."""
    return Person(api, next(_numbers), name)


def code_for(house: House, login: str) -> str:
    """A code as the page makes it."""
    made = house.browser(login).post("/api/v1/pods/family/telegram/code")
    assert made.status_code == 201, made.text
    code: str = made.json()["code"]
    return code


def linked(
    house: House, api: BotApi, rights: frozenset[Right] = ALL_RIGHTS, login: str | None = None
) -> tuple[Person, str]:
    """Somebody whose account is linked to a member, and the member's login; the bot runs."""
    login = login or house.add_member(grants={"family": rights})
    person = somebody(api, "Anna")
    person.says(f"/start {code_for(house, login)}")
    (welcome,) = person.hears(1)
    assert welcome.text.startswith("Hello "), welcome.text
    api.sent.remove(welcome)
    return person, login
