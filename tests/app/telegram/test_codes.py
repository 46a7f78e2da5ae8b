"""Where members get their codes: the page, the command line, and the whole house as it starts."""

from __future__ import annotations

import asyncio
import re
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from bot_api import TOKEN, BotApi
from command_line import CommandLine
from hub_house import House
from telegram_house import Program
from telegram_people import Person

from hearth.cli.console import HubConsole
from hearth.cli.house import House as HeldHouse
from hearth.config import Settings, load
from hearth.core.errors import BadConfiguration
from hearth.core.people import ALL_RIGHTS
from hearth.ops.supervisor import Supervisor, units

CODE = re.compile(r"/start ((?:[a-z2-9]{4}-){2}[a-z2-9]{4})")


@pytest.fixture
def page(house: House) -> httpx.Client:
    """A member's browser without scripts."""
    client = house.browser(house.add_member(grants={"family": ALL_RIGHTS, "finance": ALL_RIGHTS}))
    client.headers["accept"] = "text/html"
    return client


def test_the_page_makes_a_code_and_says_what_bots_are(page: httpx.Client) -> None:
    shown = page.get("/house").text
    assert "bots are not end-to-end encrypted" in shown
    assert "/house/telegram/family/code" in shown
    assert "/house/telegram/finance/code" not in shown
    made = page.post("/house/telegram/family/code")
    assert made.status_code == 200
    assert CODE.search(made.text)
    part = page.post("/house/telegram/family/code", headers={"HX-Request": "true"})
    assert CODE.search(part.text)
    assert "<html" not in part.text


def test_the_page_makes_no_code_where_there_is_no_bot(page: httpx.Client) -> None:
    assert page.post("/house/telegram/finance/code").status_code == 404
    assert page.post("/house/telegram/garden/code").status_code == 404


def test_who_has_no_right_in_the_pod_sees_nothing_of_it(house: House) -> None:
    client = house.browser(house.add_member(grants={"finance": ALL_RIGHTS}))
    client.headers["accept"] = "text/html"
    assert "Telegram" not in client.get("/house").text
    assert client.post("/house/telegram/family/code").status_code == 404


def test_the_command_line_makes_a_code(
    house: House, api: BotApi, program: Program, stranger: Person
) -> None:
    login = house.add_member(grants={"family": ALL_RIGHTS})
    done = CommandLine(program.config)("telegram", "code", "--pod", "family", "--as", login)
    assert done.exit_code == 0, done.output
    assert "not end-to-end encrypted" in done.output
    code = CODE.search(done.output)
    assert code is not None
    program.start()
    stranger.says(f"/start {code[1]}")
    assert stranger.hears(1)[0].text.startswith(f"Hello {login.capitalize()}")


@pytest.mark.parametrize("kind", ["finance", "health"])
def test_a_sensitive_pod_is_off_until_its_owner_says_so(tmp_path: Path, kind: str) -> None:
    file = tmp_path / "hearth.toml"
    file.write_text(f'[pods.one]\nkind = "{kind}"\n[pods.one.telegram]\ntoken_file = "token"\n')
    with pytest.raises(BadConfiguration, match="allow_sensitive = true"):
        load(file)
    file.write_text(f"{file.read_text()}allow_sensitive = true\n")
    assert load(file).pods["one"].telegram is not None


@pytest.mark.parametrize("address", ["http://example.org", "ftp://127.0.0.1", "https://a b"])
def test_a_token_travels_in_the_clear_on_this_machine_alone(tmp_path: Path, address: str) -> None:
    file = tmp_path / "hearth.toml"
    file.write_text(f'[pods.one.telegram]\napi = "{address}"\n')
    with pytest.raises(BadConfiguration, match=r"pods\.one\.telegram\.api"):
        load(file)


class _Silent:
    def ready(self, unit: str, seconds: float) -> None:
        pass

    def ended(self, unit: str, reason: str, retry_in: float) -> None:
        pass


@pytest.fixture
def configuration(api: BotApi) -> Iterator[Path]:
    """A house of one pod with a bot, and a model server that is elsewhere."""
    folder = Path(tempfile.mkdtemp(prefix="hearth-"))  # short: sockets lie in it
    (folder / "token").write_text(TOKEN)
    file = folder / "hearth.toml"
    file.write_text(
        '[hub]\nlisten = "127.0.0.1:0"\n[engines.default]\nurl = "http://127.0.0.1:9"\n'
        f'[pods.family.telegram]\ntoken_file = "token"\napi = "{api.address}"\n'
    )
    yield file
    shutil.rmtree(folder)


def test_the_whole_house_starts_with_its_bot(
    api: BotApi, configuration: Path, stranger: Person
) -> None:
    settings = load(configuration)
    with HeldHouse(settings, configuration).held() as held:
        held.prepare()
        welcome = asyncio.run(_linked(settings, configuration, stranger))
    assert welcome.startswith("Hello Owner. You can now ask Family here.")


async def _linked(settings: Settings, configuration: Path, person: Person) -> str:
    chosen = units(settings, configuration)
    assert {unit.name for unit in chosen} == {"hub", "pod-family", "telegram-family"}
    async with Supervisor(settings, chosen, _Silent()).running():
        return await asyncio.to_thread(_link, settings, person)


def _link(settings: Settings, person: Person) -> str:
    with HubConsole(settings) as owner:
        person.says(f"/start {owner.telegram_code('family').code}")
    return person.hears(1)[0].text
