"""Uploads: kept or refused whole, and forgotten for good."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
from fakes import HashingEmbedder
from pod_house import LETTER, House, Rows, build_house, snapshot
from sqlalchemy import event

from hearth.core.errors import (
    BadInput,
    Conflict,
    NotFound,
    StorageFull,
)
from hearth.store.database import Database
from hearth.store.pod import search


def test_an_upload_is_kept_and_found(house: House) -> None:
    info = house.add("letter.txt", LETTER.encode())
    assert (info.source, info.state, info.title) == ("upload", "indexed", "Heating maintenance")
    assert (house.uploads / "letter.txt").read_text() == LETTER
    assert house.search("boiler")
    report = house.sync()
    assert (report.added, report.changed, report.removed) == (0, 0, 0)


def test_the_same_upload_twice_is_one_and_another_of_the_name_is_a_second(house: House) -> None:
    first = house.add("letter.txt", LETTER.encode())
    assert house.add("letter.txt", LETTER.encode()) == first
    second = house.add("letter.txt", b"Another letter.")
    assert (second.path, second.id != first.id) == ("letter (2).txt", True)
    assert sorted(path.name for path in house.uploads.iterdir()) == ["letter (2).txt", "letter.txt"]


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("a.zip", b"PK\x03\x04"),
        ("a.txt", b"\xff\x00\xfa"),
        ("../a.txt", b"x"),
        (".a.txt", b"x"),
        ("a\n.txt", b"x"),
        ("x" * 300 + ".txt", b"x"),
        ("", b"x"),
        ("a.rows", b"x late"),
    ],
)
def test_a_refused_upload_leaves_nothing(
    tmp_path: Path, database: Database, name: str, data: bytes
) -> None:
    house = build_house(tmp_path, database, HashingEmbedder(), importers=[Rows()])
    before = snapshot(house)
    with pytest.raises(BadInput) as caught:
        house.add(name, data)
    assert caught.value.remedy
    assert snapshot(house) == before
    assert not house.uploads.exists() or list(house.uploads.iterdir()) == []


def test_only_uploads_can_be_added(house: House) -> None:
    with pytest.raises(Conflict):
        asyncio.run(house.inbox.add("papers", "a.txt", b"x"))


def test_an_upload_can_be_forgotten_for_good(house: House) -> None:
    info = house.add("letter.txt", LETTER.encode())
    house.embed()
    asyncio.run(house.inbox.forget(info.id))
    assert list(house.uploads.iterdir()) == []
    assert house.search("boiler") == []
    assert house.sync().added == 0
    with pytest.raises(NotFound):
        asyncio.run(house.inbox.forget(info.id))


def test_what_was_deleted_is_forgotten_outside_the_pod_too(
    tmp_path: Path, database: Database
) -> None:
    told: list[str] = []

    async def forgotten() -> None:
        told.append("forget")

    house = build_house(tmp_path, database, HashingEmbedder(), forgotten=forgotten)
    info = house.add("letter.txt", LETTER.encode())
    house.write("one.txt", LETTER)
    house.sync()
    assert not told
    asyncio.run(house.inbox.forget(info.id))
    assert len(told) == 1
    house.write("one.txt", LETTER + "Another line.")
    house.sync()
    assert len(told) == 2
    (house.source / "one.txt").unlink()
    house.sync()
    assert len(told) == 3
    house.sync()
    assert len(told) == 3


def test_a_file_of_a_source_is_not_the_pods_to_forget(house: House) -> None:
    house.write("letter.txt", LETTER)
    house.sync()
    [info] = house.inbox.documents()
    with pytest.raises(Conflict, match="read only"):
        asyncio.run(house.inbox.forget(info.id))
    assert house.inbox.documents() == [info]


def test_a_full_disk_changes_nothing_and_says_so(house: House) -> None:
    house.write("letter.txt", LETTER)
    house.sync()
    before = snapshot(house)

    def full(connection: Any, _record: Any, _proxy: Any) -> None:
        pages = connection.execute("PRAGMA page_count").fetchone()[0]
        connection.execute(f"PRAGMA max_page_count={pages + 3}")

    event.listen(house.database.engine, "checkout", full)
    long = "\n\n".join(f"Paragraph {number} about the flat." * 30 for number in range(100))
    house.write("long.txt", long)
    with pytest.raises(StorageFull):
        house.sync()
    with pytest.raises(StorageFull):
        house.add("long.txt", long.encode())
    assert list(house.uploads.iterdir()) == []
    event.remove(house.database.engine, "checkout", full)
    assert snapshot(house) == before
    with house.database.write() as session:
        search.check(session)
