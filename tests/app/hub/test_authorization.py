"""Who gets through which route, for every route that there is."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from hub_house import House

from hearth.config import Settings
from hearth.core.people import ALL_RIGHTS, Right
from hearth.hub.app import create_app

OPEN = {("POST", "/api/v1/sign-in"), ("POST", "/api/v1/sign-in/link")}
VALUES = {
    "{pod}": "family",
    "{model}": "family",
    "{turn}": "0" * 32,
    "{conversation}": "0" * 32,
    "{proposal}": "0" * 32,
    "{word}": "confirm",
    "{action}": "0" * 32,
    "{ref}": "event:12",
    "{token}": "0" * 32,
    "{session}": "0" * 64,
    "{member}": "0" * 32,
}
# The right that each route in a pod takes; a new route must be entered here.
NEEDS = {
    ("POST", "/api/v1/pods/{pod}/turns"): Right.ASK,
    ("GET", "/api/v1/pods/{pod}/turns/{turn}"): Right.ASK,
    ("GET", "/api/v1/pods/{pod}/turns/{turn}/events"): Right.ASK,
    ("GET", "/api/v1/pods/{pod}/conversations"): Right.ASK,
    ("GET", "/api/v1/pods/{pod}/conversations/{conversation}"): Right.ASK,
    ("DELETE", "/api/v1/pods/{pod}/conversations/{conversation}"): Right.ASK,
    ("GET", "/api/v1/pods/{pod}/actions"): Right.ASK,
    ("GET", "/api/v1/pods/{pod}/status"): Right.ASK,
    ("POST", "/api/v1/pods/{pod}/telegram/code"): Right.ASK,
    ("POST", "/api/v1/pods/{pod}/proposals/{proposal}/{word}"): Right.CONFIRM,
    ("POST", "/api/v1/pods/{pod}/actions/{action}/undo"): Right.CONFIRM,
    ("GET", "/api/v1/pods/{pod}/documents"): Right.READ,
    ("GET", "/api/v1/pods/{pod}/sources/{ref}"): Right.READ,
    ("POST", "/api/v1/pods/{pod}/documents"): Right.MANAGE,
    ("POST", "/api/v1/pods/{pod}/sync"): Right.MANAGE,
}


class _NoHub:
    settings = Settings()


def _operations() -> Iterator[tuple[str, str]]:
    document = create_app(_NoHub()).openapi()  # type: ignore[arg-type]
    for path, operations in document["paths"].items():
        for method in operations:
            yield method.upper(), path


OPERATIONS = sorted(_operations())
OF_PODS = [operation for operation in OPERATIONS if "{pod}" in operation[1]]
BODIES: dict[tuple[str, str], dict[str, Any]] = {
    ("POST", "/api/v1/pods/{pod}/turns"): {"id": "0" * 32, "text": "hello"},
}


def _filled(path: str) -> str:
    for name, value in VALUES.items():
        path = path.replace(name, value)
    return path


def test_every_route_of_a_pod_is_in_the_table() -> None:
    assert set(OF_PODS) == set(NEEDS)


@pytest.mark.parametrize(("method", "path"), [one for one in OPERATIONS if one not in OPEN])
class TestWhoIsNotSignedIn:
    def test_nobody_gets_in(self, house: House, method: str, path: str) -> None:
        answer = house.client().request(method, _filled(path))
        assert answer.status_code == 401

    def test_an_expired_token_does_not_get_in(
        self, house: House, method: str, path: str, expired: Any
    ) -> None:
        with house.later(timedelta(days=2)):
            answer = expired.request(method, _filled(path))
        assert answer.status_code == 401
        assert "has expired" in answer.text

    def test_a_made_up_cookie_does_not_get_in(self, house: House, method: str, path: str) -> None:
        headers = {"Cookie": "hearth=made-up", "Sec-Fetch-Site": "same-origin"}
        assert house.client().request(method, _filled(path), headers=headers).status_code == 401


@pytest.mark.parametrize(("method", "path"), OF_PODS)
class TestWhoIsSignedIn:
    def test_a_member_of_another_pod_finds_nothing(
        self, method: str, path: str, stranger: Any
    ) -> None:
        answer = stranger.request(method, _filled(path), json=BODIES.get((method, path)))
        assert answer.status_code == 404
        assert answer.json()["detail"] == "there is no pod 'family' for you"

    def test_every_right_but_the_one_is_not_enough(
        self, house: House, method: str, path: str, anna: str
    ) -> None:
        others = sorted(ALL_RIGHTS - {NEEDS[method, path]})
        program = house.program(anna, ["family"], others)
        answer = program.request(method, _filled(path), json=BODIES.get((method, path)))
        assert answer.status_code == 403
        assert NEEDS[method, path].value in answer.json()["detail"]


@pytest.mark.parametrize(("method", "path"), [one for one in OPERATIONS if "/members" in one[1]])
def test_the_household_is_for_owners(house: House, method: str, path: str, stranger: Any) -> None:
    assert stranger.request(method, _filled(path), json={}).status_code == 403


@pytest.fixture(scope="module")
def stranger(house: House) -> Any:
    """Someone with all rights in another pod."""
    return house.browser(house.add_member(grants={"finance": ALL_RIGHTS}))


@pytest.fixture(scope="module")
def expired(house: House) -> Any:
    """A program whose token was good for a day."""
    member = house.add_member(grants={"family": ALL_RIGHTS})
    return house.program(member, ["family"], list(Right))
