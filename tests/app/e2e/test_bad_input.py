"""Bad input through the front door: a clear error with its remedy, and nothing changed."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest
from running import RunningHouse

HEADER = "Date,Description,Counterparty,Category,Debit,Credit,Balance,ID\n"
ROW = "2026-05-06,Supermarket,Grünmarkt,Groceries,42.34,,2700.16,M-1\n"


def zip_bomb() -> bytes:
    """A gigabyte of zeros in about a megabyte."""
    packed = io.BytesIO()
    with (
        zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive,
        archive.open("zeros.txt", "w", force_zip64=True) as member,
    ):
        for _ in range(1024):
            member.write(bytes(1_000_000))
    return packed.getvalue()


def empty_pdf() -> bytes:
    """One page, as a scanner leaves it: no text."""
    from pypdf import PdfWriter  # noqa: PLC0415 - one test needs it

    writer = PdfWriter()
    writer.add_blank_page(200, 200)
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


FILES: dict[str, tuple[str, Callable[[], bytes], int, str]] = {
    "a broken calendar": (
        "broken.ics",
        lambda: b"BEGIN:VCALENDAR\nBEGIN:VEVENT\nDTSTART:soon\nSUMMARY:x\n",
        422,
        "",
    ),
    "a table with a wrong delimiter": (
        "wrong.csv",
        (HEADER + ROW).replace(",", "~").encode,
        422,
        "",
    ),
    "a torn last line": ("torn.csv", (HEADER + ROW * 2 + "2026-05-0").encode, 422, "4"),
    "50 MB of text": ("long.txt", lambda: b"words and words\n" * 3_400_000, 413, "20,065,536"),
    "a zip bomb": ("bomb.zip", zip_bomb, 422, "Unpack"),
    "a PDF without text": ("scan.pdf", empty_pdf, 422, "text"),
    "bytes that are no text": ("noise.txt", lambda: b"caf\xff\xfe\x00 \x81\xff" * 9, 422, ""),
    "a picture that calls itself a text": (
        "p.txt",
        lambda: b"\x89PNG\r\n\x1a\n" + bytes(99),
        422,
        "",
    ),
}
# Calendars go to a pod that has one, and tables to the one with a ledger.
CASES = [
    *(("family", what) for what, (name, *_) in FILES.items() if not name.endswith(".csv")),
    *(("finance", what) for what, (name, *_) in FILES.items() if not name.endswith(".ics")),
]


@pytest.fixture
def http(house: RunningHouse) -> Iterator[httpx.Client]:
    transport = httpx.HTTPTransport(uds=str(house.settings.socket("hub", "console")))
    with httpx.Client(transport=transport, base_url="http://hub/api/v1", timeout=120) as client:
        yield client


def held(http: httpx.Client, pod: str) -> Any:
    """Everything that could have changed."""
    status = http.get(f"/pods/{pod}/status").json()
    return http.get(f"/pods/{pod}/documents").json(), status


@pytest.mark.parametrize(("pod", "what"), CASES)
def test_a_bad_file_is_refused_and_nothing_changes(http: httpx.Client, what: str, pod: str) -> None:
    name, make, status, words = FILES[what]
    before = held(http, pod)
    response = http.post(f"/pods/{pod}/documents", files={"file": (name, make())})
    problem = response.json()
    assert response.status_code == status, problem
    assert problem["detail"]
    assert problem["remedy"], problem
    assert words in problem["detail"] + problem["remedy"] + problem.get("where", "")
    assert held(http, pod) == before


def test_a_message_of_200_kb_is_refused(http: httpx.Client) -> None:
    before = http.get("/pods/family/conversations").json()
    message = {"id": "0" * 32, "text": "a" * 200_000}
    response = http.post("/pods/family/turns", json=message)
    assert response.status_code == 413
    assert "Add it as a document" in response.json()["detail"] + response.json().get("remedy", "")
    assert http.get("/pods/family/conversations").json() == before


@pytest.mark.parametrize("text", ["", "   ", "bell \x07", "\x00"])
def test_a_message_that_is_no_text_is_refused(http: httpx.Client, text: str) -> None:
    response = http.post("/pods/family/turns", json={"id": "1" * 32, "text": text})
    assert response.status_code == 422
    assert response.json()["detail"]


def test_an_unknown_pod_is_not_found(http: httpx.Client) -> None:
    response = http.post("/pods/garage/turns", json={"id": "2" * 32, "text": "hello"})
    assert response.status_code == 404
    assert "garage" in response.json()["detail"]


def test_the_command_line_says_it_too(house: RunningHouse) -> None:
    done = house.run("ask", "--pod", "garage", "hello")
    assert done.returncode == 4
    assert "garage" in done.stderr
    assert "Traceback" not in done.stderr
