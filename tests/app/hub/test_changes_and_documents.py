"""Proposals decided and undone, sources opened, documents added: through the hub."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

from hub_house import House

from hearth.core.people import Right


def _proposed(house: House, member: str) -> tuple[Any, str, str]:
    browser, line = house.browser(member), f"note {uuid4().hex}"
    [proposal] = house.answer(browser, line)["proposals"]
    return browser, line, proposal["id"]


def test_a_proposal_is_confirmed_once_and_undone(house: House, anna: str) -> None:
    browser, line, proposal = _proposed(house, anna)
    notebook = house.pods["family"].notebook
    assert line not in notebook.lines
    for _ in range(2):
        confirmed = browser.post(f"/api/v1/pods/family/proposals/{proposal}/confirm")
        assert confirmed.json()["proposal"]["state"] == "confirmed"
    assert notebook.lines.count(line) == 1
    [action] = browser.get("/api/v1/pods/family/actions").json()
    assert action["undoable"] is True
    forgot = house.pods["family"].forgot
    undone = browser.post(f"/api/v1/pods/family/actions/{proposal}/undo")
    assert undone.json()["proposal"]["state"] == "undone"
    assert line not in notebook.lines
    assert house.pods["family"].forgot == forgot + 1


def test_a_rejected_proposal_stays_rejected(house: House, anna: str) -> None:
    browser, line, proposal = _proposed(house, anna)
    path = f"/api/v1/pods/family/proposals/{proposal}"
    assert browser.post(f"{path}/reject").json()["proposal"]["state"] == "rejected"
    refused = browser.post(f"{path}/confirm")
    assert refused.status_code == 409
    assert line not in house.pods["family"].notebook.lines
    assert browser.post(f"{path}/burn").status_code == 422


def test_confirming_takes_the_right_to(house: House) -> None:
    login = house.add_member(grants={"family": frozenset([Right.ASK, Right.PROPOSE])})
    browser, line, proposal = _proposed(house, login)
    refused = browser.post(f"/api/v1/pods/family/proposals/{proposal}/confirm")
    assert refused.status_code == 403
    assert line not in house.pods["family"].notebook.lines


def test_a_citation_opens_its_source(house: House, anna: str) -> None:
    browser = house.browser(anna)
    [citation] = house.answer(browser, "hello")["citations"]
    view = browser.get(f"/api/v1/pods/family/sources/{citation['ref']}").json()
    assert [line["number"] for line in view["lines"] if line["cited"]] == [7]
    assert browser.get("/api/v1/pods/family/sources/river:1").status_code == 404


def test_a_document_is_added_and_listed(house: House, anna: str) -> None:
    browser, name = house.browser(anna), f"{uuid4().hex}.txt"
    form = {"file": (f"C:/letters/{name}", f"The heating is off. {name}".encode())}
    added = browser.post("/api/v1/pods/family/documents", files=form)
    assert added.status_code == 201, added.text
    listed = browser.get("/api/v1/pods/family/documents").json()
    assert name in [document["path"] for document in listed]


def test_a_file_that_is_too_large_is_refused_with_both_sizes(house: House, anna: str) -> None:
    browser = house.browser(anna)
    limit = house.settings.pods["family"].file_bytes
    for size in (limit + 1, 1_000_000):
        form = {"file": ("large.txt", b"x" * size)}
        answer = browser.post("/api/v1/pods/family/documents", files=form)
        assert answer.status_code == 413
        assert "Split" in answer.json()["remedy"]


def test_an_upload_without_a_file_says_how(house: House, anna: str) -> None:
    browser = house.browser(anna)
    requests: list[dict[str, Any]] = [
        {"data": {"file": "not a file"}},
        {"json": {}},
        {"content": b""},
    ]
    for request in requests:
        answer = browser.post("/api/v1/pods/family/documents", **request)
        assert answer.status_code == 422
        assert "multipart/form-data" in answer.json()["remedy"]
    torn = browser.post(
        "/api/v1/pods/family/documents",
        content=b"--x\r\ntorn",
        headers={"Content-Type": "multipart/form-data; boundary=x"},
    )
    assert torn.status_code == 422


def test_sources_are_read_again_by_those_who_manage(house: House, anna: str) -> None:
    report = house.browser(anna).post("/api/v1/pods/family/sync")
    assert report.status_code == 200
    assert report.json()["failed"] == []
    reader = house.program(anna, ["family"], [Right.ASK, Right.READ])
    assert reader.post("/api/v1/pods/family/sync").status_code == 403
