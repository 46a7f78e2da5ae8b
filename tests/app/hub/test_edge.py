"""The hub's edge: bodies, headers, errors in the caller's form, and what is counted."""

from __future__ import annotations

import asyncio
import errno
import socket
from typing import Any
from uuid import uuid4

import httpx
import pytest
from fastapi import Request
from fastapi.responses import HTMLResponse, Response
from hub_house import House
from prometheus_client import REGISTRY

from hearth.core.errors import HearthError
from hearth.hub.app import create_app


def _raw(house: House, text: str) -> bytes:
    host, _, port = house.address.partition(":")
    with socket.create_connection((host, int(port)), timeout=10) as line:
        line.sendall(text.encode())
        answer = b""
        while piece := line.recv(65_536):
            answer += piece
            if b"}" in answer:
                break
        return answer


def test_a_body_that_is_too_long_is_refused_before_it_comes(house: House) -> None:
    head = "POST /api/v1/sign-in HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999\r\n\r\n"
    answer = _raw(house, head)
    assert answer.startswith(b"HTTP/1.1 413")
    assert b"too_large" in answer


def test_a_body_without_a_length_is_refused(house: House) -> None:
    answer = house.client().post("/api/v1/sign-in", content=iter([b"{}"]))
    assert answer.status_code == 411
    assert answer.json()["where"] == "Content-Length"


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b"[]",
        b"\xff\xfe",
        b'{"id": "short", "text": "x"}',
        b'{"id": "%s"}' % uuid4().hex.encode(),
        b'{"id": "%s", "text": "\\ud800"}' % uuid4().hex.encode(),
        b'{"id": "%s", "text": "x", "unknown": 1}' % uuid4().hex.encode(),
    ],
)
def test_a_broken_question_is_refused_in_words(house: House, anna: str, body: bytes) -> None:
    answer = house.console(anna).post(
        "/api/v1/pods/family/turns", content=body, headers={"Content-Type": "application/json"}
    )
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["code"] == "bad_input"
    assert answer.json()["detail"]


def test_what_is_not_there_is_a_problem_document(house: House) -> None:
    missing = house.client().get("/api/v1/nothing")
    assert (missing.status_code, missing.json()["code"]) == (404, "not_found")
    wrong = house.client().delete("/api/v1/me")
    assert (wrong.status_code, wrong.json()["code"]) == (405, "method_not_allowed")
    openai = house.client().get("/v1/nothing").json()
    assert openai["error"]["code"] == "not_found"


def test_an_id_cannot_become_another_path(house: House, anna: str) -> None:
    for turn in ("..%2F..%2Fstatus", "x%3Fafter=1", "%00", "..", "A" * 32):
        answer = house.console(anna).get(f"/api/v1/pods/family/turns/{turn}")
        assert answer.status_code in {404, 422}
    answer = house.console(anna).get("/api/v1/pods/family/sources/event:1%3Fx=1%23y")
    assert answer.json()["ref"] == "event:1?x=1#y"


def test_answers_to_programs_are_closed_to_browsers_tricks(house: House) -> None:
    for path in ("/api/v1/me", "/v1/models", "/api/openapi.json"):
        headers = house.client().get(path).headers
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["cache-control"] == "no-store"
        assert headers["content-security-policy"].startswith("default-src 'none'")


def test_requests_are_counted_by_route_and_not_by_path(house: House, anna: str) -> None:
    def count() -> float:
        labels = {"method": "GET", "route": "/api/v1/pods/{pod}/turns/{turn}", "status": "404"}
        return REGISTRY.get_sample_value("hearth_hub_requests_total", labels) or 0.0

    before = count()
    house.console(anna).get(f"/api/v1/pods/family/turns/{uuid4().hex}")
    assert count() == before + 1


def _page(request: Request, error: HearthError) -> Response:
    return HTMLResponse(f"<p>{error}</p>", error.status)


@pytest.mark.parametrize(
    ("path", "accept", "page"),
    [
        ("/nothing", "text/html", True),
        ("/nothing", "application/json", False),
        ("/api/v1/me", "text/html", False),
        ("/v1/models", "text/html", False),
    ],
)
def test_people_get_pages_and_programs_get_problems(
    house: House, path: str, accept: str, page: bool
) -> None:
    answer = _ask(create_app(house.hub, _page), path, accept)
    assert answer.status_code in {401, 404}
    assert answer.headers["content-type"].startswith("text/html") is page


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (RuntimeError("a secret detail"), 500, "internal"),
        (OSError(errno.ENOSPC, "No space left on device"), 507, "storage_full"),
        (OSError(errno.EIO, "a secret detail"), 500, "internal"),
    ],
)
def test_what_nobody_expected_is_said_without_its_details(
    house: House, error: Exception, status: int, code: str
) -> None:
    app = create_app(house.hub)

    @app.get("/api/fails")
    async def fails() -> None:
        raise error

    answer = _ask(app, "/api/fails", "*/*")
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert "secret" not in answer.text


def _ask(app: Any, path: str, accept: str) -> httpx.Response:
    async def ask() -> httpx.Response:
        transport = httpx.ASGITransport(app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://hub") as client:
            return await client.get(path, headers={"Accept": accept})

    return asyncio.run(ask())
