"""A house with pages: the real hub and real pods, with a scripted agent in the model's place."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest
from browsing import DESK, PATIENCE, Faults, chromium
from hub_house import PASSWORD, ROOMY, House, running_house
from paged_house import HouseWithPages
from playwright.sync_api import Browser, BrowserContext, Page, expect

from hearth.core.people import ALL_RIGHTS


@pytest.fixture(scope="session")
def house() -> Iterator[House]:
    """One house for all; each test brings members of its own."""
    with running_house(ROOMY, HouseWithPages) as house:
        yield house


@pytest.fixture
def anna(house: House) -> str:
    """A member with all rights in the family pod, and none elsewhere."""
    return house.add_member(grants={"family": ALL_RIGHTS})


@pytest.fixture
def browser(house: House, anna: str) -> httpx.Client:
    """Anna's browser without scripts."""
    client = house.browser(anna)
    client.headers["accept"] = "text/html,application/xhtml+xml"
    return client


@pytest.fixture
def htmx(house: House, anna: str) -> httpx.Client:
    """Anna's browser as htmx asks."""
    client = house.browser(anna)
    client.headers.update({"accept": "text/html", "hx-request": "true"})
    return client


@pytest.fixture(scope="module")
def chrome(house: House) -> Iterator[Browser]:
    """One browser for this module."""
    with chromium() as browser:
        yield browser


@pytest.fixture
def context(house: House, chrome: Browser) -> Iterator[BrowserContext]:
    """A fresh profile on a desk's screen."""
    context = chrome.new_context(base_url=house.url, viewport=DESK)  # type: ignore[arg-type]
    context.set_default_timeout(PATIENCE)
    expect.set_options(timeout=PATIENCE)
    yield context
    context.close()


@pytest.fixture
def faults(house: House) -> Iterator[Faults]:
    """Nothing may go wrong in the page, and nobody else may be asked."""
    faults = Faults()
    yield faults
    assert faults.said == []
    assert faults.hosts == {house.address}


@pytest.fixture
def page(house: House, context: BrowserContext, faults: Faults) -> Page:
    """A member's page, signed in by name and password."""
    login = house.add_member(grants={"family": ALL_RIGHTS, "finance": ALL_RIGHTS})
    page = context.new_page()
    faults.watch(page)
    page.goto("/pods/family")
    page.get_by_label("Name").fill(login)
    page.get_by_label("Password").fill(PASSWORD)
    page.keyboard.press("Enter")
    expect(page.get_by_label("Your question to Family")).to_be_visible()
    return page
