"""The OpenAPI document says all that a caller has to know; an undocumented route fails here."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from hub_house import House
from pydantic import TypeAdapter

from hearth.config import Settings
from hearth.core.api import TurnRequest
from hearth.hub import shapes
from hearth.hub.api import examples
from hearth.hub.app import create_app
from hearth.hub.completions import CompletionRequest


class _NoHub:
    settings = Settings()


DOCUMENT: dict[str, Any] = create_app(_NoHub()).openapi()  # type: ignore[arg-type]


def _operations() -> Iterator[Any]:
    for path, operations in DOCUMENT["paths"].items():
        for method, operation in operations.items():
            yield pytest.param(path, operation, id=f"{method.upper()} {path}")


@pytest.mark.parametrize(("path", "operation"), list(_operations()))
class TestEachOperation:
    def test_is_described(self, path: str, operation: dict[str, Any]) -> None:
        assert operation["summary"]
        assert len(operation["description"]) > 20
        assert operation["tags"][0] in {tag["name"] for tag in DOCUMENT["tags"]}

    def test_says_what_it_answers(self, path: str, operation: dict[str, Any]) -> None:
        good = [status for status in operation["responses"] if status.startswith("2")]
        assert good
        if good != ["204"]:
            assert all("schema" in kind for kind in _content(operation, good[0]))

    def test_documents_its_refusals(self, path: str, operation: dict[str, Any]) -> None:
        expected = {"401"}
        expected |= {"404", "403", "422", "503"} if "{pod}" in path else set()
        expected |= {"422"} if "{" in path else set()
        expected |= {"411", "413", "422"} if "requestBody" in operation else set()
        assert expected <= operation["responses"].keys()
        for status in operation["responses"]:
            if status >= "4":
                [kind] = _content(operation, status)
                assert kind["example"]
                assert kind["schema"]["$ref"].endswith(("/Problem", "/OpenAIError"))

    def test_shows_an_example_of_its_body(self, path: str, operation: dict[str, Any]) -> None:
        for kind in operation.get("requestBody", {}).get("content", {}).values():
            assert kind.get("example") or kind.get("examples")

    def test_says_how_to_come_in(self, path: str, operation: dict[str, Any]) -> None:
        names = {name for way in operation["security"] for name in way}
        assert names == (set() if path.startswith("/api/v1/sign-in") else {"token", "session"})


def test_every_reference_resolves() -> None:
    for name in re.findall(r'"#/components/schemas/([^"]+)"', json.dumps(DOCUMENT)):
        assert name in DOCUMENT["components"]["schemas"]


@pytest.mark.parametrize(
    ("shown", "shape"),
    [
        (examples.SIGN_IN, shapes.SignIn),
        (examples.LINK, shapes.LinkSecret),
        (examples.PASSWORD, shapes.PasswordChange),
        (examples.TURN, TurnRequest),
        (examples.TOKEN, shapes.TokenRequest),
        (examples.MEMBER, shapes.MemberRequest),
        (examples.GRANTS, shapes.GrantsRequest),
        (examples.SIGN_IN_LINK, shapes.LinkRequest),
        (examples.DISABLED, shapes.DisabledRequest),
        (examples.COMPLETION, CompletionRequest),
    ],
)
def test_the_examples_would_be_taken(shown: dict[str, Any], shape: type[Any]) -> None:
    for example in shown.values():
        TypeAdapter(shape).validate_json(json.dumps(example["value"]))


def test_the_document_is_served_without_a_sign_in(house: House) -> None:
    assert house.client().get("/api/openapi.json").json()["info"]["title"] == "Hearth"


def _content(operation: dict[str, Any], status: str) -> list[dict[str, Any]]:
    return list(operation["responses"][status]["content"].values())
