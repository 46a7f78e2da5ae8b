"""Linking, asking, confirming: what members do with the bot, and what strangers get."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import httpx
import pytest
from bot_api import BotApi
from hub_house import House
from telegram_house import Program, code_for, fresh_program, linked, strict_api
from telegram_people import Person, eventually

from hearth.core.people import Right


@pytest.fixture(scope="module")
def api() -> Iterator[BotApi]:
    """One Telegram for all of these."""
    with strict_api() as api:
        yield api


@pytest.fixture(scope="module", autouse=True)
def program(
    house: House, api: BotApi, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Program]:
    """One program for all of these."""
    with fresh_program(house, api, tmp_path_factory.mktemp("program")) as program:
        program.start()
        yield program


def test_a_code_links_an_account_once(house: House, api: BotApi, stranger: Person) -> None:
    login = house.add_member(grants={"family": frozenset({Right.ASK})})
    code = code_for(house, login)
    stranger.says(f"/start {code.upper()}")  # as a phone's keyboard begins a word
    (welcome,) = stranger.hears(1)
    assert welcome.text.startswith(f"Hello {login.capitalize()}. You can now ask Family here.")
    assert "no end-to-end encryption" in welcome.text
    other = Person(api, stranger.id + 1_000_000, "Other")
    other.says(f"/start {code}")
    assert "This code is not valid" in other.hears(1)[0].text


def test_an_answer_comes_with_its_sources(house: House, api: BotApi) -> None:
    person, login = linked(house, api)
    person.says("hello")
    (answer,) = person.hears(1)
    name = login.capitalize()
    assert answer.text == f"{name} said hello [1].\n\n[1] Dentist (family.ics, line 7)"
    assert (person.id, "typing") in api.actions


def test_the_answers_are_those_of_the_members_rights(house: House, api: BotApi) -> None:
    person, login = linked(house, api)
    house.people.members.set_grants(house.member_id(login), {"finance": frozenset(Right)})
    person.says("hello")
    assert "There is no pod 'family' for you" in person.hears(1)[0].text


def test_a_revoked_token_ends_the_link(house: House, api: BotApi) -> None:
    person, login = linked(house, api)
    page = house.browser(login)
    (token,) = page.get("/api/v1/tokens").json()
    assert (token["name"], token["pods"]) == ("Telegram, Family", ["family"])
    assert token["rights"] == ["ask", "confirm", "propose"]
    page.delete(f"/api/v1/tokens/{token['id']}")
    person.says("hello")
    assert "no longer linked" in person.hears(1)[0].text


def test_a_long_answer_is_split_at_sentences(house: House, api: BotApi) -> None:
    person, login = linked(house, api)
    question = " ".join(f"Sentence number {number} is here." for number in range(300))
    person.says(question)
    pieces = [sent.text for sent in person.hears(3)]
    assert all(piece.endswith(".") for piece in pieces[:-1])
    whole = f"{login.capitalize()} said {question} [1]. [1] Dentist (family.ics, line 7)"
    assert " ".join(" ".join(pieces).split()) == whole


def test_a_proposal_is_confirmed_and_taken_back(house: House, api: BotApi) -> None:
    person, _ = linked(house, api)
    person.says("note buy milk")
    _, proposal = person.hears(2)
    assert proposal.text == "Proposed: Write down: note buy milk"
    assert [button.text for button in proposal.buttons] == ["Confirm", "Reject"]
    person.presses(proposal, "Confirm")
    eventually(lambda: proposal.edited, "the edited proposal")
    assert proposal.text == "Confirmed: Write down: note buy milk /undo takes it back."
    assert "note buy milk" in house.pods["family"].notebook.lines
    person.says("/undo")
    assert person.hears(3)[2].text == "Undone: Write down: note buy milk"
    assert "note buy milk" not in house.pods["family"].notebook.lines
    person.says("/undo")
    assert person.hears(4)[3].text == "There is no change of yours to take back."


def test_a_proposal_is_rejected(house: House, api: BotApi) -> None:
    person, _ = linked(house, api)
    person.says("note sell the car")
    _, proposal = person.hears(2)
    person.presses(proposal, "Reject")
    eventually(lambda: proposal.edited, "the edited proposal")
    assert proposal.text == "Rejected: Write down: note sell the car"
    assert "note sell the car" not in house.pods["family"].notebook.lines


def test_who_may_not_confirm_gets_no_buttons(house: House, api: BotApi) -> None:
    person, _ = linked(house, api, frozenset({Right.ASK, Right.PROPOSE}))
    person.says("note paint the fence")
    _, proposal = person.hears(2)
    assert proposal.buttons == []


def test_another_person_cannot_press_the_button(
    house: House, api: BotApi, stranger: Person
) -> None:
    person, _ = linked(house, api)
    other, _ = linked(house, api)
    person.says("note lock the door")
    _, proposal = person.hears(2)
    before = len(api.alerts)
    stranger.presses(proposal, "Confirm")
    other.presses(proposal, "Confirm")
    eventually(lambda: len(api.alerts) >= before + 2, "two answers to presses")
    assert not proposal.edited
    assert "note lock the door" not in house.pods["family"].notebook.lines


def test_today_new_help_and_what_is_no_text(house: House, api: BotApi) -> None:
    person, login = linked(house, api)
    person.says("/today")
    assert person.hears(1)[0].text.startswith(f"{login.capitalize()} said What is on today?")
    person.says("/new")
    person.says("/help")
    person.sends(
        sticker={
            "file_id": "x",
            "file_unique_id": "x",
            "type": "regular",
            "width": 1,
            "height": 1,
            "is_animated": False,
            "is_video": False,
        }
    )
    said = person.hears(4)
    assert said[1].text.startswith("A new conversation")
    assert "/undo" in said[2].text
    assert "only read text" in said[3].text


def test_a_conversation_goes_on_until_a_new_one(house: House, api: BotApi) -> None:
    person, login = linked(house, api)
    for number, words in enumerate(["one", "two", "/new", "three"], start=1):
        person.says(words)
        person.hears(number)
    browser = house.browser(login)
    talks = browser.get("/api/v1/pods/family/conversations").json()
    assert sorted(talk["title"] for talk in talks) == ["one", "three"]
    gone = next(talk["id"] for talk in talks if talk["title"] == "three")
    browser.delete(f"/api/v1/pods/family/conversations/{gone}")
    person.says("four")
    assert "said four" in person.hears(5)[4].text


def test_a_stranger_hears_one_line_and_then_nothing(
    house: House, api: BotApi, program: Program, stranger: Person
) -> None:
    for words in ("hello", "who are you?", "/help", "/undo", "/today"):
        stranger.says(words)
    (line,) = stranger.hears(1)
    assert "people of one household" in line.text
    eventually(lambda: not api.unconfirmed(), "all was fetched")
    person, _ = linked(house, api)
    person.says("after them")
    person.hears(1)
    program.end()
    program.start()
    stranger.says("and now?")
    eventually(lambda: not api.unconfirmed(), "all was fetched")
    person.says("and after this")
    person.hears(2)
    assert stranger.texts() == [line.text]
    assert "who are you?" not in house.pods["family"].agent.asked


def test_codes_cannot_be_tried_for_ever(house: House, api: BotApi, stranger: Person) -> None:
    for number in range(8):
        stranger.says(f"/start wrong-{number}")
    stranger.hears(5)
    eventually(lambda: not api.unconfirmed(), "all was fetched")
    person, _ = linked(house, api)
    person.says("after them")
    person.hears(1)
    assert len(stranger.heard()) == 5


def test_a_group_gets_no_answer(house: House, api: BotApi) -> None:
    person, _ = linked(house, api)
    group = {"id": -100200300, "type": "supergroup", "title": "Neighbours"}
    person.says("secret question", chat=group)
    person.says("hello")
    (answer,) = person.hears(1)
    assert "said hello" in answer.text
    assert "secret question" not in house.pods["family"].agent.asked


class TestTheChannelsOwnDoor:
    """What somebody could do who has taken over the program."""

    @pytest.fixture
    def door(self, house: House) -> Iterator[httpx.Client]:
        path = str(house.settings.socket("hub", "telegram-family"))
        transport = httpx.HTTPTransport(uds=path)
        with httpx.Client(base_url="http://hub", transport=transport) as client:
            yield client

    @pytest.mark.parametrize(
        ("method", "path"),
        [
            ("POST", "/api/v1/sign-in"),
            ("POST", "/api/v1/sign-in/link"),
            ("GET", "/api/v1/members"),
            ("GET", "/api/v1/tokens"),
            ("GET", "/api/v1/pods/finance/actions"),
            ("GET", "/api/openapi.json"),
            ("GET", "/"),
            ("GET", "/v1/models"),
        ],
    )
    def test_nothing_else_is_there(
        self, house: House, door: httpx.Client, method: str, path: str
    ) -> None:
        headers = {"X-Hearth-Member": "owner", "X-Forwarded-For": "10.0.0.1"}
        owners = house.console().post(
            "/api/v1/tokens", json={"name": "all", "pods": ["family"], "rights": ["ask"]}
        )
        signed = {"Authorization": f"Bearer {owners.json()['secret']}"}
        for more in ({}, signed):
            answer = door.request(method, path, headers=headers | more, json={})
            assert answer.status_code == 404, path

    def test_a_name_opens_nothing(self, door: httpx.Client) -> None:
        answer = door.get("/api/v1/pods/family/actions", headers={"X-Hearth-Member": "owner"})
        assert answer.status_code == 404

    def test_a_code_is_taken_nowhere_else(self, house: House) -> None:
        code = code_for(house, "owner")
        for client in (house.client(), house.console(), house.browser("owner")):
            answer = client.post("/api/v1/telegram/link", json={"code": code})
            assert answer.status_code == 404
        for secret in (code, f"family {code}"):
            answer = house.client().post("/api/v1/sign-in/link", json={"secret": secret})
            assert answer.status_code == 401

    def test_a_code_is_for_its_own_pod_and_its_time(self, house: House, door: httpx.Client) -> None:
        code = code_for(house, "owner")
        with house.later(timedelta(minutes=16)):
            assert door.post("/api/v1/telegram/link", json={"code": code}).status_code == 401
        answer = house.browser("owner").post("/api/v1/pods/finance/telegram/code")
        assert answer.status_code == 404
        assert "no Telegram bot" in answer.json()["detail"]
