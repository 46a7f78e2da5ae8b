"""The household: who may change it, and that changes hold from the next request."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest
from hub_house import House

from hearth.config import MemberSettings, Settings
from hearth.core.people import ALL_RIGHTS, Right, Role
from hearth.hub.seeds import ensure_members
from hearth.store.database import Database
from hearth.store.hub.members import Members
from hearth.store.hub.tables import Base


def test_an_owner_adds_a_member_who_comes_in_by_a_link(house: House) -> None:
    console, login = house.console(), f"mia-{uuid4().hex[:8]}"
    body = {"login": login, "name": "Mia", "role": "teen", "grants": {"family": ["ask"]}}
    added = console.post("/api/v1/members", json=body)
    assert added.status_code == 201
    assert added.json()["has_password"] is False
    assert console.post("/api/v1/members", json=body).status_code == 409
    path = f"/api/v1/members/{added.json()['member']['id']}/sign-in-link"
    secret = console.post(path, json={}).json()["url"].rpartition("/")[2]
    browser = house.client(headers={"Sec-Fetch-Site": "same-origin"})
    me = browser.post("/api/v1/sign-in/link", json={"secret": secret}).json()
    assert me["member"]["role"] == "teen"
    new = {"current": None, "new": "a first password"}
    assert browser.put("/api/v1/password", json=new).status_code == 204
    assert login in [one["login"] for one in console.get("/api/v1/members").json()]


@pytest.mark.parametrize(
    ("change", "place"),
    [
        ({"login": "Not A Login"}, "login"),
        ({"grants": {"garden": ["ask"]}}, "grants.garden"),
        ({"grants": {"family": ["fly"]}}, "grants"),
        ({"role": "king"}, "role"),
        ({"password": "short"}, "password"),
        ({"shoe_size": 43}, "shoe_size"),
    ],
)
def test_a_faulty_member_is_refused_with_the_place(
    house: House, change: dict[str, Any], place: str
) -> None:
    body = {"login": f"m-{uuid4().hex[:8]}", "name": "Max", "role": "adult"} | change
    answer = house.console().post("/api/v1/members", json=body)
    assert answer.status_code == 422
    assert place in answer.json()["where"]


def test_grants_hold_from_the_next_request(house: House, anna: str) -> None:
    browser = house.browser(anna)
    member = browser.get("/api/v1/me").json()["member"]["id"]
    path = f"/api/v1/members/{member}/grants"
    changed = house.console().put(path, json={"grants": {"finance": ["ask", "read"]}})
    assert changed.json()["grants"] == {"finance": ["ask", "read"]}
    assert [pod["name"] for pod in browser.get("/api/v1/pods").json()] == ["finance"]
    assert browser.get("/api/v1/pods/family/status").status_code == 404
    assert browser.get("/api/v1/pods/finance/status").status_code == 200


def test_an_owner_has_every_right_in_every_pod(house: House) -> None:
    me = house.console().get("/api/v1/me").json()
    assert {pod: frozenset(rights) for pod, rights in me["pods"].items()} == {
        "family": ALL_RIGHTS,
        "finance": ALL_RIGHTS,
    }
    titles = [pod["title"] for pod in house.console().get("/api/v1/pods").json()]
    assert titles == ["Family", "Money"]


def test_a_disabled_member_is_out_at_once_and_can_come_back(house: House, anna: str) -> None:
    browser, program = house.browser(anna), house.program(anna, ["family"], [Right.ASK])
    member = browser.get("/api/v1/me").json()["member"]["id"]
    path = f"/api/v1/members/{member}/disabled"
    assert house.console().put(path, json={"disabled": True}).json()["disabled"] is True
    assert browser.get("/api/v1/me").status_code == 401
    assert program.get("/api/v1/me").status_code == 401
    body = {"login": anna, "password": "seven green bicycles"}
    assert house.client().post("/api/v1/sign-in", json=body).status_code == 401
    house.console().put(path, json={"disabled": False})
    assert browser.get("/api/v1/me").status_code == 200


def test_the_last_owner_cannot_be_shut_out(house: House) -> None:
    owner = house.console().get("/api/v1/me").json()["member"]["id"]
    answer = house.console().put(f"/api/v1/members/{owner}/disabled", json={"disabled": True})
    assert answer.status_code == 409
    assert house.console().get("/api/v1/me").status_code == 200


def test_seeds_are_made_once_and_keep_what_people_changed(tmp_path: Any) -> None:
    named = {
        "anna": MemberSettings(name="Anna", role=Role.OWNER),
        "mia": MemberSettings(name="Mia", role=Role.TEEN),
    }
    settings = Settings(state_dir=tmp_path, members=named)
    database = Database(settings.hub_dir / "hub.sqlite3")
    Base.metadata.create_all(database.engine)
    members = Members(database)
    first = ensure_members(settings)
    assert [one.login for one in members.all()] == ["anna", "mia"]
    members.set_grants(first[1], {"family": frozenset([Right.ASK])})
    assert ensure_members(settings) == first
    assert members.get(first[1]).grants == {"family": frozenset([Right.ASK])}
    database.close()


def test_a_house_that_names_nobody_gets_an_owner(tmp_path: Any) -> None:
    settings = Settings(state_dir=tmp_path)
    database = Database(settings.hub_dir / "hub.sqlite3")
    Base.metadata.create_all(database.engine)
    ensure_members(settings)
    owner = Members(database).owner()
    assert owner is not None
    assert (owner.login, owner.password) == ("owner", None)
    database.close()
