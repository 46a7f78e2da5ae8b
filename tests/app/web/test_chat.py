"""Asking over the pages: with scripts and without, live, failing, again, and across members."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from uuid import uuid4

import httpx
from httpx_sse import ServerSentEvent, connect_sse
from hub_house import House

from hearth.core.people import Right

LIVE = re.compile(r'sse-connect="([^"]+)"')


def ask(client: httpx.Client, text: str, **fields: str) -> httpx.Response:
    """Send the composer's form."""
    return client.post("/pods/family/turns", data={"id": uuid4().hex, "text": text, **fields})


def follow(client: httpx.Client, page: str, **headers: str) -> list[ServerSentEvent]:
    """The live message's stream until it ends."""
    found = LIVE.search(page)
    assert found, page
    with connect_sse(client, "GET", found[1], headers=headers) as source:
        source.response.raise_for_status()
        return list(source.iter_sse())


@contextmanager
def held(house: House) -> Iterator[None]:
    """The family's agent holds its answers to "wait …" back, until the end of this block."""
    gate = house.pods["family"].agent.gate
    gate.clear()
    try:
        yield
    finally:
        gate.set()


def test_an_answer_grows_and_is_replaced_by_the_page_s_own_message(
    house: House, htmx: httpx.Client
) -> None:
    with held(house):
        asked = ask(htmx, "wait for it")
        threading.Timer(0.2, house.pods["family"].agent.gate.set).start()
        events = follow(htmx, asked.text)
    assert [event.event for event in events] == ["start", "tool", "token", "citation", "done"]
    assert "Used echo" in events[1].data
    address = asked.headers["hx-push-url"]
    page = htmx.get(address, headers={"hx-request": "false"}).text
    turn = re.search(r'id="turn-[0-9a-f]+"', page)
    assert turn
    assert turn[0] in events[-1].data
    assert 'class="chip" href="/pods/family/sources/event:12"' in events[-1].data
    assert "sse-connect" not in page


def test_a_reader_who_comes_back_gets_only_what_is_new(house: House, htmx: httpx.Client) -> None:
    with held(house):
        asked = ask(htmx, "wait a little")
        threading.Timer(0.2, house.pods["family"].agent.gate.set).start()
        rest = follow(htmx, asked.text, **{"last-event-id": "2"})
    assert [event.event for event in rest] == ["token", "citation", "done"]


def test_without_scripts_a_form_leads_to_the_conversation(browser: httpx.Client) -> None:
    sent = ask(browser, "hello")
    assert sent.status_code == 303
    page = browser.get(sent.headers["location"])
    assert "hello" in page.text
    assert "Look again" in page.text or "turn-" in page.text


def test_a_second_question_stays_in_its_conversation(htmx: httpx.Client) -> None:
    first = ask(htmx, "one")
    conversation = first.headers["hx-push-url"].rpartition("/")[2]
    follow(htmx, first.text)
    second = ask(htmx, "two", conversation=conversation)
    assert "hx-push-url" not in second.headers
    assert 'hx-swap-oob="delete"' in first.text
    assert 'hx-swap-oob="delete"' not in second.text
    follow(htmx, second.text)
    page = htmx.get(f"/pods/family/conversations/{conversation}").text
    assert page.count('class="message mine"') == 2


def test_the_same_message_sent_twice_is_one(htmx: httpx.Client) -> None:
    fields = {"id": uuid4().hex, "text": "only once"}
    pages = [htmx.post("/pods/family/turns", data=fields).text for _ in range(2)]
    first, second = (LIVE.findall(page) for page in pages)
    assert first == second


def test_a_page_opened_in_the_middle_of_a_turn_connects_again(
    house: House, htmx: httpx.Client
) -> None:
    with held(house):
        asked = ask(htmx, "wait for it")
        page = htmx.get(asked.headers["hx-push-url"])
        assert LIVE.search(page.text)
        assert "Thinking" in page.text
    assert follow(htmx, page.text)[-1].event == "done"


def test_a_failed_turn_says_why_and_can_be_asked_again(htmx: httpx.Client) -> None:
    asked = ask(htmx, "fail now")
    last = follow(htmx, asked.text)[-1]
    assert last.event == "failed"
    assert "The model is away" in last.data
    again = re.search(r'hx-post="(/pods/family/turns/[0-9a-f]+/again)"', last.data)
    assert again
    assert 'role="alert"' in last.data
    repeated = htmx.post(again[1], data={"id": uuid4().hex})
    assert '<p class="said">fail now</p>' in repeated.text
    page = htmx.get(asked.headers["hx-push-url"], headers={"hx-request": "false"})
    assert "Try again" in page.text


def test_what_a_member_writes_is_shown_and_not_obeyed(htmx: httpx.Client) -> None:
    asked = ask(htmx, "<script>alert(1)</script>")
    assert "<script>" not in asked.text
    assert "&lt;script&gt;" in asked.text
    assert all("<script>" not in event.data for event in follow(htmx, asked.text))


def test_an_empty_and_an_endless_message_say_so_beside_the_composer(htmx: httpx.Client) -> None:
    empty = ask(htmx, "   ")
    assert (empty.status_code, empty.headers["hx-retarget"]) == (422, "#notice")
    assert "There is nothing to send yet." in empty.text
    endless = ask(htmx, "a" * 40_000)
    assert (endless.status_code, endless.headers["hx-retarget"]) == (413, "#notice")
    assert "32,768" in endless.text


def test_another_member_s_conversation_is_not_there(house: House, htmx: httpx.Client) -> None:
    asked = ask(htmx, "my secret")
    address = asked.headers["hx-push-url"]
    other = house.browser(house.add_member(grants={"family": frozenset({Right.ASK})}))
    other.headers["accept"] = "text/html"
    assert other.get(address).status_code == 404
    stream = LIVE.search(asked.text)
    assert stream
    with connect_sse(other, "GET", stream[1]) as source:
        said = list(source.iter_sse())
    assert [event.event for event in said] == ["failed"]
    assert "my secret" not in said[0].data
    assert "my secret" not in other.get("/pods/family").text


def test_a_pod_that_is_not_one_s_own_does_not_exist(browser: httpx.Client) -> None:
    page = browser.get("/pods/finance")
    assert page.status_code == 404
    assert "There is no pod" in page.text
    assert 'href="/pods/family"' in page.text  # the frame stays


def test_deleting_a_conversation(browser: httpx.Client) -> None:
    address = ask(browser, "forget me").headers["location"]
    assert browser.post(f"{address}/forget").headers["location"] == "/pods/family"
    assert browser.get(address).status_code == 404


def test_a_proposal_is_confirmed_and_undone(htmx: httpx.Client) -> None:
    asked = ask(htmx, "note the bins")
    events = {event.event: event.data for event in follow(htmx, asked.text)}
    assert 'class="action proposed"' in events["proposal"]
    found = re.search(r'hx-post="([^"]+/confirm)"', events["done"])
    assert found
    done = htmx.post(found[1]).text
    assert 'class="action confirmed"' in done
    assert ">Done<" in done
    undo = re.search(r'hx-post="([^"]+/undo)"', done)
    assert undo
    page = htmx.get(asked.headers["hx-push-url"], headers={"hx-request": "false"}).text
    assert undo[1] in page
    undone = htmx.post(undo[1]).text
    assert 'class="action undone"' in undone
    assert "/undo" not in undone
    late = htmx.post(found[1])
    assert (late.status_code, late.headers["hx-retarget"]) == (409, "#notice")


def test_a_member_who_may_not_confirm_sees_no_button(house: House) -> None:
    rights = frozenset({Right.ASK, Right.READ, Right.PROPOSE})
    client = house.browser(house.add_member(grants={"family": rights}))
    client.headers.update({"accept": "text/html", "hx-request": "true"})
    done = follow(client, ask(client, "note the bins").text)[-1].data
    assert "Waits for a member who may confirm" in done
    assert "<button" not in done.partition('class="action')[2]
