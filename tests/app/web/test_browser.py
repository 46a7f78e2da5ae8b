"""Talking with a pod in a real browser: live answers, failures, sources, proposals, files, keys."""

from __future__ import annotations

import re

from browsing import Faults, answered, ask
from hub_house import House
from playwright.sync_api import BrowserContext, FilePayload, Page, expect


def test_a_question_by_a_click_on_an_example(page: Page) -> None:
    page.get_by_role("button", name="What is on tomorrow?").click()
    answered(page)
    expect(page.locator(".mine .said")).to_have_text("What is on tomorrow?")
    expect(page.locator("#welcome")).to_have_count(0)
    assert re.search(r"/pods/family/conversations/[0-9a-f]{32}$", page.url)
    expect(page.locator("#conversations [aria-current]")).to_contain_text("What is on tomorrow?")
    expect(page).to_have_title("What is on tomorrow? · Hearth")


def test_back_and_forward_lead_through_what_was_asked(page: Page) -> None:
    ask(page, "hello")
    answered(page)
    page.go_back()
    expect(page.locator("#welcome")).to_be_visible()
    page.go_forward()
    answered(page)
    expect(page.locator(".mine .said")).to_have_text("hello")


def test_questions_follow_each_other_in_one_conversation(page: Page) -> None:
    ask(page, "hello")
    answered(page)
    expect(page.get_by_label("Your question to Family")).to_have_value("")
    expect(page.get_by_label("Your question to Family")).to_be_focused()
    address = page.url
    ask(page, "hello again")
    answered(page, 2)
    assert page.url == address
    page.reload()
    answered(page, 2)


def test_shift_enter_makes_a_line_and_the_field_grows(page: Page) -> None:
    question = page.get_by_label("Your question to Family")
    question.fill("one")
    before = question.bounding_box()
    question.press("Shift+Enter")
    question.press_sequentially("two")
    after = question.bounding_box()
    assert question.input_value() == "one\ntwo"
    assert before
    assert after
    assert after["height"] > before["height"]


def test_a_page_reloaded_in_the_middle_goes_on(page: Page, house: House) -> None:
    gate = house.pods["family"].agent.gate
    gate.clear()
    ask(page, "wait for it")
    expect(page.locator(".live .thinking")).to_be_visible()
    page.wait_for_url("**/conversations/*")
    page.reload()
    expect(page.locator(".live .thinking")).to_be_visible()
    gate.set()
    answered(page)


def test_an_answer_outlives_the_restart_of_its_pod(page: Page, house: House) -> None:
    gate = house.pods["family"].agent.gate
    gate.clear()
    ask(page, "wait for it")
    expect(page.locator(".live .thinking")).to_be_visible()
    house.stop_pod("family")
    house.start_pod("family")
    gate.set()
    answered(page)
    expect(page.locator(".message.pods .prose p")).to_have_count(1)


def test_a_failed_turn_can_be_asked_again(page: Page) -> None:
    ask(page, "fail please")
    expect(page.locator(".message.failed")).to_contain_text("The model is away")
    page.get_by_role("button", name="Try again").click()
    expect(page.locator(".message.failed")).to_have_count(2)
    expect(page.locator(".mine .said")).to_have_text(["fail please", "fail please"])


def test_what_could_not_be_sent_stays_in_the_field(
    page: Page, context: BrowserContext, faults: Faults
) -> None:
    context.set_offline(True)
    ask(page, "hello out there")
    expect(page.get_by_role("alert").first).to_contain_text("Hearth did not answer.")
    expect(page.get_by_label("Your question to Family")).to_have_value("hello out there")
    context.set_offline(False)
    page.get_by_role("button", name="Send").click()
    answered(page)
    expect(page.get_by_role("alert").first).to_be_empty()
    faults.expect("ERR_INTERNET_DISCONNECTED", "htmx:sendError", "htmx:afterRequest")


def test_a_message_that_is_too_long_stays_and_says_so(page: Page, faults: Faults) -> None:
    for text, words in (("a" * 40_000, "32,768"), ("ä" * 600_000, "longer than")):
        ask(page, text)
        expect(page.get_by_role("alert").first).to_contain_text(words)
        assert page.get_by_label("Your question to Family").input_value() == text
    faults.expect("413", "htmx:responseError")


def test_a_source_opens_beside_the_answer_and_closes_by_key(page: Page) -> None:
    ask(page, "hello")
    answered(page)
    chip = page.get_by_role("link", name="Dentist")
    chip.click()
    panel = page.get_by_role("dialog", name="Dentist")
    expect(panel.get_by_text("SUMMARY:Dentist")).to_be_visible()
    page.keyboard.press("Escape")
    expect(panel).to_be_hidden()
    page.get_by_role("link", name="Source 1").press("Enter")
    expect(panel).to_be_visible()
    panel.get_by_role("button", name="Close the source").press("Enter")
    expect(panel).to_be_hidden()


def test_a_proposal_is_confirmed_and_undone(page: Page, house: House) -> None:
    lines = house.pods["family"].notebook.lines
    ask(page, "note that the bins go out on Thursdays")
    card = page.get_by_role("region", name="Proposed change")
    expect(page.locator(".live")).to_have_count(0)
    card.get_by_role("button", name="Confirm").click()
    done = page.get_by_role("region", name="Change made")
    expect(done).to_contain_text("Done")
    assert "note that the bins go out on Thursdays" in lines
    done.get_by_role("button", name="Undo").click()
    expect(page.get_by_role("region", name="Change undone")).to_contain_text("Undone")
    assert "note that the bins go out on Thursdays" not in lines


def test_files_are_added_by_choosing_them(page: Page) -> None:
    page.goto("/pods/family/library")
    tea = FilePayload(name="tea.md", mimeType="text/markdown", buffer=b"# Tea\n\nGreen, please.")
    bad = FilePayload(name="bad.pdf", mimeType="application/pdf", buffer=b"not one")
    page.get_by_label("Add files").set_input_files([tea, bad])
    expect(page.get_by_role("status")).to_contain_text("Added: Tea.")
    expect(page.get_by_role("region", name="1 file could not be read")).to_contain_text("bad.pdf")
    expect(page.get_by_role("region", name="Added by you")).to_contain_text("tea.md")
    page.get_by_role("button", name="Sync now").click()
    expect(page.get_by_role("status")).to_contain_text("Looked at")


def test_a_new_token_is_shown_to_be_copied(page: Page) -> None:
    page.goto("/house")
    page.get_by_text("New token").click()
    page.get_by_label("Name (what will use it)").fill("kitchen radio")
    page.get_by_role("button", name="Make the token").click()
    expect(page.get_by_label("The new token")).to_have_value(re.compile("^hearth_"))
    page.get_by_role("button", name="Revoke kitchen radio").click()
    expect(page.get_by_text("No tokens.")).to_be_visible()
