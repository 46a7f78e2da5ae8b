"""Asking a pod through the hub: accepted, followed, taken up again, refused in words."""

from __future__ import annotations

import json
import threading
from typing import Any
from uuid import uuid4

from httpx_sse import connect_sse
from hub_house import House

from hearth.core.people import ALL_RIGHTS


def test_a_question_is_accepted_followed_and_kept(house: House, anna: str) -> None:
    browser = house.browser(anna)
    accepted = house.ask(browser, "hello")
    events = house.follow(browser, accepted["turn"])
    assert events[0].event == "start"
    assert [event.event for event in events[-3:]] == ["token", "citation", "done"]
    state = browser.get(f"/api/v1/pods/family/turns/{accepted['turn']}").json()
    assert state["state"] == "done"
    assert state["message"]["citations"][0]["ref"] == "event:12"
    listed = browser.get("/api/v1/pods/family/conversations").json()
    assert [one["id"] for one in listed] == [accepted["conversation"]]


def test_a_conversation_goes_on_and_is_forgotten(house: House, anna: str) -> None:
    browser = house.browser(anna)
    first = house.answer(browser, "hello")
    house.answer(browser, "again", conversation=first["conversation"])
    path = f"/api/v1/pods/family/conversations/{first['conversation']}"
    said = [message["role"] for message in browser.get(path).json()["messages"]]
    assert said == ["member", "pod", "member", "pod"]
    forgot = house.pods["family"].forgot
    assert browser.delete(path).status_code == 204
    assert browser.get(path).status_code == 404
    assert browser.delete(path).status_code == 404
    assert house.pods["family"].forgot == forgot + 1


def test_events_come_while_the_turn_runs(house: House, anna: str) -> None:
    browser, gate = house.browser(anna), house.pods["family"].agent.gate
    gate.clear()
    accepted = house.ask(browser, "wait for it")
    path = f"/api/v1/pods/family/turns/{accepted['turn']}/events"
    with connect_sse(browser, "GET", path) as source:
        events = source.iter_sse()
        assert next(events).event == "start"
        gate.set()
        rest = [event.event for event in events]
    assert rest == ["tool", "token", "citation", "done"]


def test_a_reader_takes_the_stream_up_where_it_broke_off(house: House, anna: str) -> None:
    browser, gate = house.browser(anna), house.pods["family"].agent.gate
    gate.clear()
    accepted = house.ask(browser, "wait for it")
    with connect_sse(
        browser, "GET", f"/api/v1/pods/family/turns/{accepted['turn']}/events"
    ) as source:
        seen = next(source.iter_sse()).id
    threading.Timer(0.2, gate.set).start()
    by_query = house.follow(browser, accepted["turn"], params={"after": seen})
    by_header = house.follow(
        browser, accepted["turn"], params={"after": 0}, headers={"Last-Event-ID": by_query[-2].id}
    )
    assert by_query[0].event == "tool"
    assert all(int(event.id) > int(seen) for event in by_query)
    assert by_header[-1].event == "done"


def test_a_turn_survives_the_restart_of_its_pod(house: House, anna: str) -> None:
    browser, agent = house.browser(anna), house.pods["family"].agent
    agent.gate.clear()
    accepted = house.ask(browser, "wait for it")
    threading.Timer(0.3, house.stop_pod, ["family"]).start()
    threading.Timer(1.5, house.start_pod, ["family"]).start()
    threading.Timer(1.6, agent.gate.set).start()
    events = house.follow(browser, accepted["turn"])
    assert [event.event for event in events].count("start") == 2
    assert json.loads(events[-1].data)["message"]["text"].endswith("said wait for it [1].")


def test_a_failed_turn_says_why(house: House, anna: str) -> None:
    browser = house.browser(anna)
    accepted = house.ask(browser, "fail please")
    last = house.follow(browser, accepted["turn"])[-1]
    assert last.event == "error"
    assert "the model is away" in json.loads(last.data)["message"]


def test_a_pod_that_is_away_is_said_to_be_away(house: House, ben: str) -> None:
    browser = house.browser(ben)
    house.stop_pod("finance")
    try:
        answer = browser.post(
            "/api/v1/pods/finance/turns", json={"id": uuid4().hex, "text": "hello"}
        )
    finally:
        house.start_pod("finance")
    assert answer.status_code == 503
    assert answer.headers["retry-after"] == "2"
    assert answer.json()["retryable"] is True


def test_the_same_message_twice_is_one_turn(house: House, anna: str) -> None:
    browser, message = house.browser(anna), {"id": uuid4().hex, "text": "hello"}
    answers = [browser.post("/api/v1/pods/family/turns", json=message).json() for _ in range(2)]
    assert answers[0] == answers[1]


def test_a_message_that_is_a_document_is_too_large(house: House, anna: str) -> None:
    browser = house.browser(anna)
    for text in ("ä" * 16_385, "x" * 200_000):
        answer = browser.post("/api/v1/pods/family/turns", json={"id": uuid4().hex, "text": text})
        assert answer.status_code == 413
        assert "Add it as a document" in answer.json()["remedy"]
    longest = house.ask(browser, "ä" * 16_384)
    house.follow(browser, longest["turn"])


def test_an_unknown_pod_and_a_foreign_one_are_refused_alike(house: House, anna: str) -> None:
    browser = house.browser(anna)
    message = {"id": uuid4().hex, "text": "hello"}
    answers = {
        pod: browser.post(f"/api/v1/pods/{pod}/turns", json=message).json()
        for pod in ("finance", "garden")
    }
    assert answers["finance"]["status"] == 404
    assert answers["finance"]["detail"].replace("finance", "garden") == answers["garden"]["detail"]


def test_a_member_may_ask_so_often_in_a_minute(strict_house: House) -> None:
    console = strict_house.console()
    for _ in range(2):
        strict_house.ask(console, "hello")
    answer = console.post(
        "/api/v1/pods/family/turns", json={"id": uuid4().hex, "text": "once more"}
    )
    assert answer.status_code == 429
    assert 1 <= int(answer.headers["retry-after"]) <= 60
    assert answer.json()["code"] == "busy"


def test_two_members_in_two_pods_at_once_see_nothing_of_each_other(
    house: House, anna: str, ben: str
) -> None:
    browsers = {"family": house.browser(anna), "finance": house.browser(ben)}
    said: dict[str, list[dict[str, Any]]] = {pod: [] for pod in browsers}

    def talk(pod: str) -> None:
        for number in range(5):
            said[pod].append(house.answer(browsers[pod], f"secret {number} of {pod}", pod))

    threads = [threading.Thread(target=talk, args=[pod]) for pod in browsers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for pod, other in (("family", "finance"), ("finance", "family")):
        assert len(said[pod]) == 5
        assert all(pod in one["text"] and other not in one["text"] for one in said[pod])
        for foreign in said[other]:
            for place in (pod, other):  # neither in their pod nor in mine
                path = f"/api/v1/pods/{place}/conversations/{foreign['conversation']}"
                assert browsers[pod].get(path).status_code == 404
                path = f"/api/v1/pods/{place}/turns/{foreign['turn']}"
                assert browsers[pod].get(path).status_code == 404
                assert browsers[pod].get(f"{path}/events").status_code == 404


def test_two_members_of_one_pod_keep_their_conversations_apart(house: House, anna: str) -> None:
    other = house.browser(house.add_member(grants={"family": ALL_RIGHTS}))
    mine = house.answer(house.browser(anna), "private")
    assert other.get("/api/v1/pods/family/conversations").json() == []
    path = f"/api/v1/pods/family/conversations/{mine['conversation']}"
    assert other.get(path).status_code == 404
    assert other.delete(path).status_code == 404
    message = {"id": uuid4().hex, "text": "me too", "conversation": mine["conversation"]}
    assert other.post("/api/v1/pods/family/turns", json=message).status_code == 404
