"""What adults are told of the box: a banner on each page, and a page of its own."""

from __future__ import annotations

import re
from collections.abc import Iterator

import httpx
import pytest
from box_house import WatchedHouse, ago, all_well, backed_up, drilled, full_disk, report, silent_pod
from browsing import (
    LOOKS,
    PATIENCE,
    PHONE,
    PICTURES,
    Faults,
    all_reached_by_tab,
    nothing_sticks_out,
)
from hub_house import PASSWORD, ROOMY, House, running_house
from paged_house import HouseWithPages
from playwright.sync_api import Browser, Page, expect

from hearth.core.people import ALL_RIGHTS, Role

BANNER = 'aria-label="What needs you"'
NAMES = {"light": "anna", "dark": "ben", "phone": "clara"}
EVERY_POD = {"family": ALL_RIGHTS, "finance": ALL_RIGHTS}


class WatchedHouseWithPages(HouseWithPages, WatchedHouse):
    """The same with pages."""


@pytest.fixture(scope="module")
def house() -> Iterator[House]:
    """A house on a box; each test says how the box is."""
    with running_house(ROOMY, WatchedHouseWithPages) as house:
        yield house


@pytest.fixture(autouse=True)
def _well(house: House) -> None:
    all_well(house.settings)


def browser_of(house: House, role: Role, grants: object = EVERY_POD) -> httpx.Client:
    """A member's browser without scripts."""
    client = house.browser(house.add_member(role=role, grants=grants))  # type: ignore[arg-type]
    client.headers["accept"] = "text/html"
    return client


@pytest.mark.parametrize("address", ["/", "/pods/family", "/pods/family/library", "/house"])
@pytest.mark.parametrize("role", [Role.OWNER, Role.ADULT])
def test_every_page_tells_grown_ups_what_is_wrong(house: House, role: Role, address: str) -> None:
    report(house.settings, silent_pod())
    page = browser_of(house, role).get(address).text
    assert BANNER in page
    assert "The pod finance does not answer." in page
    assert re.search(r"Since <time [^>]+>12 min ago</time>", page)
    assert "<code>systemctl restart hearth-pod-finance</code>" in page


@pytest.mark.parametrize("role", [Role.TEEN, Role.CHILD, Role.GUEST])
def test_nobody_else_is_troubled_with_it(house: House, role: Role) -> None:
    report(house.settings, silent_pod())
    browser = browser_of(house, role)
    for address in ("/", "/pods/family", "/house"):
        page = browser.get(address).text
        assert BANNER not in page
        assert "systemctl" not in page
        assert "/house/box" not in page
    assert browser.get("/house/box").status_code == 403


def test_a_pod_that_is_not_theirs_is_not_named_to_them(house: House) -> None:
    report(house.settings, silent_pod())
    browser = browser_of(house, Role.ADULT, {"family": ALL_RIGHTS})
    for address in ("/", "/house/box"):
        page = browser.get(address).text
        assert BANNER not in page
        assert "finance" not in page.lower()


def test_what_can_wait_stands_on_the_front_page_and_no_other(house: House) -> None:
    report(house.settings, full_disk())
    browser = browser_of(house, Role.ADULT)
    assert BANNER not in browser.get("/").text
    assert "has 1 thing that needs you" in browser.get("/").text
    assert "will be full within four days" not in browser.get("/pods/family").text
    assert "will be full within four days" in browser.get("/house/box").text


@pytest.mark.parametrize(
    ("good", "failure", "words"),
    [
        (None, "", "There is no good backup yet."),
        (ago(hours=30), "", "No good backup is younger than 24 hours."),
        (ago(hours=3), "the disk is not there", "The last backup failed: the disk is not there"),
    ],
)
def test_a_backup_that_is_not_there_is_told_in_red(
    house: House, good: object, failure: str, words: str
) -> None:
    backed_up(house.settings, good=good, failure=failure)  # type: ignore[arg-type]
    page = browser_of(house, Role.ADULT).get("/").text
    assert BANNER in page
    assert words in page


def test_a_drill_that_failed_is_told_in_red(house: House) -> None:
    drilled(house.settings, failure="family has 3 events, and the backup 2")
    page = browser_of(house, Role.ADULT).get("/").text
    assert "The last restore drill failed" in page[page.index(BANNER) :]


def test_a_backup_on_the_same_disk_says_so_on_the_box_s_page(house: House) -> None:
    backed_up(house.settings, good=ago(hours=3), same_disk=True)
    browser = browser_of(house, Role.ADULT)
    assert BANNER not in browser.get("/").text
    page = browser.get("/house/box").text
    assert 'class="notice bad"><strong>The backup lies on the same disk as the data.' in page


def test_a_silent_monitoring_is_not_taken_for_peace(house: House) -> None:
    report(house.settings, at=ago(minutes=5))
    browser = browser_of(house, Role.ADULT)
    assert "has 1 thing that needs you" in browser.get("/").text
    page = browser.get("/house/box").text
    assert "The monitoring is silent" in page
    assert "Everything is well" not in page


def test_when_all_is_well_it_says_so(house: House) -> None:
    browser = browser_of(house, Role.ADULT)
    assert "<strong>The box</strong> is well." in browser.get("/").text
    page = browser.get("/house/box").text
    assert "Everything is well" in page
    assert page.count(">Answers</span>") == 7
    assert "Good until" in page


def test_an_alert_s_words_are_words_and_no_markup(house: House) -> None:
    sly = silent_pod().model_copy(update={"what": "<b>x</b>", "remedy": "<script>1</script>"})
    report(house.settings, sly)
    for address in ("/", "/house/box"):
        page = browser_of(house, Role.OWNER).get(address).text
        assert "&lt;b&gt;x&lt;/b&gt;" in page
        assert "<script>1" not in page


def test_the_banner_opens_by_keyboard_and_leads_to_the_box(house: House, page: Page) -> None:
    report(house.settings, silent_pod(), full_disk())
    page.goto("/pods/family")
    banner = page.get_by_role("complementary", name="What needs you")
    expect(banner).to_contain_text("The pod finance does not answer.")
    command = banner.get_by_text("systemctl restart hearth-pod-finance")
    expect(command).to_be_hidden()
    banner.locator("summary").focus()
    page.keyboard.press("Enter")
    expect(command).to_be_visible()
    banner.get_by_role("link", name="How the box is").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("The box")
    expect(page.get_by_role("complementary", name="What needs you")).to_have_count(0)
    expect(page.get_by_role("listitem").filter(has_text="Money").first).to_contain_text("Silent")


def test_it_goes_away_when_it_is_over(house: House, page: Page) -> None:
    report(house.settings, silent_pod())
    page.goto("/pods/family")
    expect(page.get_by_role("complementary", name="What needs you")).to_be_visible()
    report(house.settings)
    page.reload()
    expect(page.get_by_role("complementary", name="What needs you")).to_have_count(0)


@pytest.mark.parametrize("address", ["/", "/pods/family", "/house/box"])
def test_an_alarm_is_reached_by_the_tab_key_and_fits_a_phone(
    house: House, page: Page, address: str
) -> None:
    report(house.settings, silent_pod(), full_disk())
    backed_up(house.settings, good=None, failure="/mnt/backup/hearth: there is nothing")
    page.goto(address)
    all_reached_by_tab(page)
    page.set_viewport_size(PHONE)  # type: ignore[arg-type]
    for summary in page.locator(".alarm summary").all():
        summary.click()
    nothing_sticks_out(page)


@pytest.mark.parametrize("look", LOOKS)
def test_screenshots_of_a_box_that_is_well_and_of_one_that_is_not(
    house: House, chrome: Browser, faults: Faults, look: str
) -> None:
    PICTURES.mkdir(parents=True, exist_ok=True)
    context = chrome.new_context(base_url=house.url, **LOOKS[look])
    context.set_default_timeout(PATIENCE)
    page = context.new_page()
    faults.watch(page)
    page.goto("/sign-in")
    page.get_by_label("Name").fill(house.add_member(NAMES[look], grants=EVERY_POD))
    page.get_by_label("Password").fill(PASSWORD)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_contain_text("Good")

    def picture(name: str, address: str, *, opened: bool = False) -> None:
        page.goto(address)
        if opened:
            page.locator(".alarm summary").click()
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), address
        page.screenshot(path=PICTURES / f"{name}-{look}.png", full_page=True, caret="initial")

    picture("box-well", "/house/box")
    report(house.settings, silent_pod(), full_disk())
    backed_up(house.settings, good=ago(hours=31), same_disk=True)
    picture("alarm-home", "/")
    picture("alarm-chat", "/pods/family", opened=True)
    picture("box", "/house/box")
    context.close()
