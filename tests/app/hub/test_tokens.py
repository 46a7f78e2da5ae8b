"""API tokens: scoped, expiring, revocable, and no keys to the house."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from hub_house import House

from hearth.core.people import ALL_RIGHTS, Right


def test_a_token_opens_what_it_names_and_no_more(house: House, anna: str) -> None:
    program = house.program(anna, ["family"], [Right.ASK])
    me = program.get("/api/v1/me").json()
    assert me["via"] == "token"
    assert me["pods"] == {"family": ["ask"]}
    house.answer(program, "hello")
    refused = program.get("/api/v1/pods/family/documents")
    assert refused.status_code == 403
    assert "right to read" in refused.json()["detail"]
    assert program.get("/api/v1/pods/finance/status").status_code == 404


def test_a_token_shrinks_with_its_members_rights(house: House) -> None:
    login = house.add_member(grants={"family": ALL_RIGHTS, "finance": ALL_RIGHTS})
    member = house.member_id(login)
    program = house.program(login, ["family", "finance"], [Right.ASK, Right.READ])
    path = f"/api/v1/members/{member}/grants"
    house.console().put(path, json={"grants": {"family": ["read", "confirm"]}})
    assert program.get("/api/v1/me").json()["pods"] == {"family": ["read"]}


def test_an_owners_token_is_as_narrow_as_it_says(house: House) -> None:
    program = house.program("owner", ["finance"], [Right.READ])
    assert program.get("/api/v1/me").json()["pods"] == {"finance": ["read"]}
    assert program.get("/api/v1/members").status_code == 403


def test_an_expired_token_says_when_and_what_to_do(house: House, anna: str) -> None:
    program = house.program(anna, ["family"], [Right.ASK])
    with house.later(timedelta(days=1)):
        answer = program.get("/api/v1/me")
    assert answer.status_code == 401
    assert answer.json()["detail"].startswith("this token has expired on 20")
    assert answer.json()["remedy"] == "Make a new one under House › Tokens."
    assert answer.headers["www-authenticate"].startswith("Bearer")


def test_a_revoked_token_opens_nothing(house: House, anna: str, ben: str) -> None:
    program = house.program(anna, ["family"], [Right.ASK])
    [token] = house.console(anna).get("/api/v1/tokens").json()
    assert token["used"] is None
    program.get("/api/v1/me")
    [token] = house.console(anna).get("/api/v1/tokens").json()
    assert token["used"] is not None
    path = f"/api/v1/tokens/{token['id']}"
    assert house.console(ben).delete(path).status_code == 404
    assert house.console(anna).delete(path).status_code == 204
    assert program.get("/api/v1/me").status_code == 401
    assert house.console(anna).get("/api/v1/tokens").json() == []


def test_only_hashes_of_secrets_are_kept(house: House, anna: str) -> None:
    program = house.program(anna, ["family"], [Right.ASK])
    browser = house.browser(anna)
    secret = program.headers["Authorization"].removeprefix("Bearer ")
    stored = b"".join(file.read_bytes() for file in house.settings.hub_dir.iterdir())
    assert secret.startswith("hearth_")
    assert secret.removeprefix("hearth_").encode() not in stored
    assert browser.cookies["hearth"].encode() not in stored


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", "/api/v1/tokens", None),
        ("POST", "/api/v1/tokens", {"name": "x", "pods": ["family"], "rights": ["ask"]}),
        ("DELETE", f"/api/v1/tokens/{uuid4().hex}", None),
        ("GET", "/api/v1/sessions", None),
        ("PUT", "/api/v1/password", {"current": None, "new": "long enough"}),
        ("POST", "/api/v1/sign-out", None),
        ("GET", "/api/v1/members", None),
    ],
)
def test_a_token_is_no_key_to_the_house(
    house: House, method: str, path: str, body: dict[str, Any] | None
) -> None:
    program = house.program("owner", ["family"], list(Right))
    assert program.request(method, path, json=body).status_code == 403


@pytest.mark.parametrize("authorization", ["Bearer hearth_wrong", "Bearer", "Basic b3duZXI6"])
def test_a_wrong_token_is_not_passed_over_for_a_session(
    house: House, anna: str, authorization: str
) -> None:
    browser = house.browser(anna)
    answer = browser.get("/api/v1/me", headers={"Authorization": authorization})
    assert answer.status_code == 401
    assert "remedy" in answer.json()


def test_a_token_for_a_pod_that_is_not_yours_is_refused(house: House, anna: str) -> None:
    body = {"name": "x", "pods": ["family", "finance"], "rights": ["ask"]}
    answer = house.console(anna).post("/api/v1/tokens", json=body)
    assert answer.status_code == 422
    assert "'finance'" in answer.json()["detail"]
    assert house.console(anna).get("/api/v1/tokens").json() == []
