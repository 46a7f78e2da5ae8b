"""The pages for everyone: by keyboard alone, on a phone, and in a browser without scripts."""

from __future__ import annotations

import pytest
from browsing import (
    PATIENCE,
    PHONE,
    Faults,
    all_reached_by_tab,
    answered,
    ask,
    nothing_sticks_out,
)
from hub_house import PASSWORD, House
from playwright.sync_api import Browser, Page, expect

from hearth.core.people import ALL_RIGHTS

PAGES = (
    "/",
    "/pods/family",
    "/pods/family/library",
    "/pods/family/actions",
    "/pods/family/sources/event:12",
    "/house",
    "/house/box",
    "/house/api",
    "/pods/nowhere",
)


@pytest.mark.parametrize("address", PAGES)
def test_everything_is_reached_by_the_tab_key(page: Page, faults: Faults, address: str) -> None:
    page.goto(address)
    all_reached_by_tab(page)
    faults.expect("404")


@pytest.mark.parametrize("address", PAGES)
def test_a_phone_s_width_is_enough(page: Page, faults: Faults, address: str) -> None:
    page.set_viewport_size(PHONE)  # type: ignore[arg-type]
    page.goto(address)
    nothing_sticks_out(page)
    faults.expect("404")


def test_on_a_phone_the_source_lies_over_the_talk(page: Page) -> None:
    page.set_viewport_size(PHONE)  # type: ignore[arg-type]
    page.reload()
    ask(page, "hello")
    answered(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    page.get_by_role("link", name="Dentist").click()
    panel = page.get_by_role("dialog", name="Dentist")
    expect(panel).to_be_visible()
    assert page.evaluate("document.querySelector('#source').matches(':modal')")
    panel.get_by_role("button", name="Close the source").click()
    expect(panel).to_be_hidden()


def test_without_scripts_everything_still_works(house: House, chrome: Browser) -> None:
    login = house.add_member(grants={"family": ALL_RIGHTS})
    context = chrome.new_context(base_url=house.url, java_script_enabled=False)
    context.set_default_timeout(PATIENCE)
    page = context.new_page()
    page.goto("/sign-in")
    page.get_by_label("Name").fill(login)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.goto("/pods/family")
    page.get_by_label("Your question to Family").fill("note the bins")
    page.get_by_role("button", name="Send").click()
    for _ in range(20):
        if page.get_by_role("button", name="Confirm").count():
            break
        page.get_by_role("link", name="Look again").click()
    page.get_by_role("button", name="Confirm").click()
    expect(page.get_by_role("region", name="Change made")).to_contain_text("Done")
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_role("region", name="Change undone")).to_be_visible()
    page.goto("/pods/family/sources/event:12")
    expect(page.get_by_role("heading", name="Dentist")).to_be_visible()
    context.close()
