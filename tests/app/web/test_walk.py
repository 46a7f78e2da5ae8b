"""A walk through the sample house, started as a newcomer starts it, with pictures of every page.

All programs are real; only the model's choice of tools is scripted. The pictures go to
`build/screenshots/`, light, dark and as a phone shows them.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from browsing import LOOKS, PATIENCE, PICTURES, Faults, chromium
from e2e.running import RunningHouse
from playwright.sync_api import Browser, Page, expect
from scripted_model import Script, ScriptedModel
from servers import Running, Served

from hearth.ops.serving import bind_unix

SCRIPT: Script = (
    ("remember", "notes_add", {}),
    ("letter", "documents_search", {"about": "heating"}),
    ("dentist", "calendar_add", {"title": "dentist", "when": "on Tuesday at 15:30", "who": "Mia"}),
    ("tomorrow", "calendar_agenda", {"when": "tomorrow"}),
    ("largest", "ledger_largest", {"when": "this year"}),
)


class ScriptedHouse(RunningHouse):
    """The sample house with another model server, as `engines.default.url` allows."""

    def _edit(self, models: Path, chat_model: str | None) -> None:
        super()._edit(models, chat_model)
        text = self.config.read_text()
        url = f'[engines.default]\nurl = "unix://{self.folder}/model.sock"'
        self.config.write_text(text.replace("[engines.default]", url))


@dataclass
class Walk:
    """One member's way through the house in one look."""

    page: Page
    look: str

    def picture(self, name: str, *, whole: bool = True) -> None:
        """Take a picture; without a caret to hide, the page's policy on styles stays quiet."""
        self.page.wait_for_timeout(400)  # what glides in has arrived
        path = PICTURES / f"{name}-{self.look}.png"
        self.page.screenshot(path=path, full_page=whole, caret="initial")
        assert path.stat().st_size > 5_000

    def ask(self, text: str) -> None:
        """Put a question and wait for its answer."""
        answers = self.page.locator(".message.pods:not(.live)")
        before = answers.count()
        question = self.page.get_by_placeholder("Ask ")
        question.fill(text)
        question.press("Enter")
        expect(answers).to_have_count(before + 1)


@pytest.fixture(scope="module")
def sample() -> Iterator[RunningHouse]:
    """The sample house, up, with its papers read."""
    folder = Path(tempfile.mkdtemp(prefix="hearth-"))  # short: sockets lie in it
    model = ScriptedModel(SCRIPT)
    listener = bind_unix(folder / "model.sock")

    def apps() -> Served:
        return [(model.app, listener)]

    async def closing() -> None:
        listener.close()

    try:
        with Running(apps, closing), ScriptedHouse(folder, folder).started() as house:
            yield house
    finally:
        shutil.rmtree(folder)


@pytest.fixture(scope="module")
def links(sample: RunningHouse) -> dict[str, str]:
    """A sign-in link of Anna's for each look; each works once."""
    return {look: sample.run_json("link")["url"] for look in LOOKS}


@pytest.fixture(scope="module")
def chrome(links: dict[str, str]) -> Iterator[Browser]:
    """One browser for this module."""
    PICTURES.mkdir(parents=True, exist_ok=True)
    with chromium() as browser:
        yield browser


@pytest.mark.parametrize("look", LOOKS)
def test_screenshots_of_a_walk_through_the_house(
    sample: RunningHouse, links: dict[str, str], chrome: Browser, look: str
) -> None:
    context = chrome.new_context(**LOOKS[look])
    context.set_default_timeout(PATIENCE)
    expect.set_options(timeout=PATIENCE)
    faults = Faults()
    page = context.new_page()
    faults.watch(page)
    walk = Walk(page, look)

    _come_in(walk, links[look])
    _ask_and_open_the_source(walk)
    _confirm_and_undo(walk)
    _ask_about_money(walk)
    _look_around(walk)

    assert faults.said == []
    assert faults.hosts == {sample.settings.hub.listen}
    context.close()


def _come_in(walk: Walk, link: str) -> None:
    page = walk.page
    page.goto(link.partition("/sign-in/")[0])
    walk.picture("sign-in")
    page.goto(link)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Anna")
    page.get_by_role("navigation", name="House").get_by_role("link", name="Family").click()
    expect(page.get_by_text("What would you like to know?")).to_be_visible()
    walk.picture("welcome", whole=False)


def _ask_and_open_the_source(walk: Walk) -> None:
    page = walk.page
    walk.ask("What is on tomorrow?")
    expect(page.locator(".message.pods").last.locator(".chip").first).to_be_visible()
    walk.picture("answer", whole=False)
    walk.ask("What does the landlord's letter say about the heating?")
    answer = page.locator(".message.pods").last
    expect(answer).to_contain_text("heating")
    answer.locator(".chip").first.click()
    panel = page.get_by_role("dialog")
    expect(panel.locator("mark").first).to_be_visible()
    expect(panel).to_contain_text("landlord")
    walk.picture("chat", whole=False)
    panel.get_by_role("button", name="Close the source").click()
    expect(panel).to_be_hidden()


def _confirm_and_undo(walk: Walk) -> None:
    page = walk.page
    walk.ask("Add dentist on Tuesday at 15:30 for Mia")
    card = page.get_by_role("region", name="Proposed change").last
    expect(card).to_contain_text("15:30")
    walk.picture("proposal", whole=False)
    card.get_by_role("button", name="Confirm").click()
    done = page.get_by_role("region", name="Change made").last
    expect(done).to_contain_text("Done by Anna")
    done.get_by_role("button", name="Undo").click()
    expect(page.get_by_role("region", name="Change undone").last).to_contain_text("Undone")
    walk.ask("Remember that the bins go out on Thursdays")
    note = page.get_by_role("region", name="Proposed change").last
    note.get_by_role("button", name="Confirm").click()
    expect(page.get_by_role("region", name="Change made").last).to_contain_text("bins")
    walk.picture("confirmed", whole=False)


def _ask_about_money(walk: Walk) -> None:
    page = walk.page
    page.goto(address_of(page, "/pods/finance"))
    walk.ask("What were the five largest payments this year?")
    expect(page.locator(".message.pods .chip").first).to_be_visible()
    walk.picture("finance", whole=False)


def _look_around(walk: Walk) -> None:
    page = walk.page
    for name, address, words in (
        ("home", "/", "What the house did"),
        ("library", "/pods/family/library", "landlord"),
        ("actions", "/pods/family/actions", "Done by Anna"),
        ("house", "/house", "For programs"),
        ("api", "/house/api", "/api/v1/pods"),
    ):
        page.goto(address_of(page, address))
        expect(page.locator("main")).to_contain_text(words)
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), address
        walk.picture(name)


def address_of(page: Page, path: str) -> str:
    """A path on the house that the page is on."""
    origin: str = page.evaluate("location.origin")
    return origin + path
