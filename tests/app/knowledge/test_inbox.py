"""Source folders: what lies in them is read whole or not at all, and followed."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from fakes import HashingEmbedder
from pod_house import LETTER, NOW, Away, House, Rows, build_house, snapshot
from sqlalchemy import text

from hearth.core.errors import (
    BadConfiguration,
    TooLarge,
)
from hearth.pod.inbox import Inbox
from hearth.store.database import Database
from hearth.store.pod import documents


def accounts(house: House) -> int:
    with house.database.read() as session:
        return int(session.execute(text("SELECT count(*) FROM accounts")).scalar_one())


def listed(house: House) -> dict[str, str]:
    return {one.path: one.state for one in house.inbox.documents()}


def test_a_sync_reads_a_folder_and_its_folders(house: House) -> None:
    house.write("letter.txt", LETTER)
    house.write("deeper/keys.md", "# Keys\n\n- The cellar key hangs inside.")
    report = house.sync()
    assert (report.seen, report.added, report.failed) == (2, 2, ())
    assert listed(house) == {"letter.txt": "indexed", "deeper/keys.md": "indexed"}
    assert house.search("boiler service")[0].title == "Heating maintenance"


def test_a_second_sync_does_nothing(house: House) -> None:
    house.write("letter.txt", LETTER)
    house.sync()
    before = snapshot(house)
    report = house.sync()
    assert (report.seen, report.added, report.changed, report.removed) == (1, 0, 0, 0)
    assert snapshot(house) == before


def test_a_touched_file_is_not_read_again(house: House) -> None:
    path = house.write("letter.txt", LETTER)
    house.sync()
    chunk = house.search("boiler")[0].chunk
    path.touch()
    assert house.sync().changed == 0
    assert house.search("boiler")[0].chunk == chunk


def test_a_changed_file_replaces_its_old_self(house: House) -> None:
    house.write("letter.txt", LETTER)
    house.sync()
    house.write("letter.txt", LETTER.replace("8 December", "9 January").replace("boiler", "lift"))
    assert house.sync().changed == 1
    assert house.search("boiler") == [] or "boiler" not in house.search("boiler")[0].text
    assert "9 January" in house.search("lift serviced")[0].text
    assert len(house.inbox.documents()) == 1


def test_a_deleted_file_goes_with_all_that_came_of_it(house: House) -> None:
    path = house.write("letter.txt", LETTER)
    house.write("other.txt", "Something else entirely.")
    house.sync()
    house.embed()
    path.unlink()
    assert house.sync().removed == 1
    assert listed(house) == {"other.txt": "indexed"}
    assert all("boiler" not in one.text for one in house.search("boiler heating"))


def test_an_unmounted_folder_forgets_nothing(house: House) -> None:
    house.write("letter.txt", LETTER)
    house.sync()
    house.source.rename(house.source.with_name("away"))
    report = house.sync()
    assert report.removed == 0
    assert [(one.path, bool(one.remedy)) for one in report.failed] == [("papers", True)]
    assert house.search("boiler")


def test_a_source_taken_out_of_the_configuration_is_forgotten(house: House, tmp_path: Path) -> None:
    house.write("letter.txt", LETTER)
    house.sync()
    bare = Inbox(
        house.database,
        {},
        [],
        HashingEmbedder(),
        house.index,
        uploads=house.uploads,
        file_bytes=1_000_000,
        clock=lambda: NOW,
    )
    assert asyncio.run(bare.sync()).removed == 1
    assert house.inbox.documents() == []


def test_hidden_files_litter_and_ways_out_are_passed_over(house: House, tmp_path: Path) -> None:
    outside = tmp_path / "secret.txt"
    outside.write_text("the secret of the house")
    house.write(".hidden/a.txt", "hidden")
    house.write(".b.txt", "hidden")
    house.write("Thumbs.db", "litter")
    inside = house.write("real.txt", "inside")
    (house.source / "link.txt").symlink_to(outside)
    (house.source / "folder").symlink_to(tmp_path)
    (house.source / "alias.txt").symlink_to(inside)
    (house.source / "nowhere.txt").symlink_to(tmp_path / "missing")
    house.sync()
    assert set(listed(house)) == {"real.txt", "alias.txt"}


def test_a_file_that_cannot_be_read_is_on_record_with_its_remedy(house: House) -> None:
    house.write("letter.docx", b"PK\x03\x04")
    house.write("fine.txt", "fine")
    report = house.sync()
    [failure] = report.failed
    assert failure.path == "letter.docx"
    assert failure.remedy is not None
    assert listed(house) == {"letter.docx": "failed", "fine.txt": "indexed"}
    assert house.sync().failed == report.failed


def test_a_repaired_file_is_read(house: House) -> None:
    house.write("a.txt", b"\xff\xfe\xfa\x00\x81\x82 broken")
    house.sync()
    house.write("a.txt", "whole again")
    assert house.sync().failed == ()
    assert listed(house) == {"a.txt": "indexed"}


def test_a_broken_version_leaves_the_good_one_in_use(house: House) -> None:
    house.write("a.txt", "the plumber comes on Monday")
    house.sync()
    house.write("a.txt", b"the plumber\x00\x00\x00")
    [failure] = house.sync().failed
    assert "still in use" in failure.message
    assert "Monday" in house.search("plumber")[0].text
    house.write("a.txt", "the plumber comes on Friday")
    assert house.sync().failed == ()
    assert "Friday" in house.search("plumber")[0].text


def test_what_an_older_hearth_could_not_read_is_tried_again_after_a_restart(
    house: House, tmp_path: Path
) -> None:
    house.write("a.rows", "x y")
    assert len(house.sync().failed) == 1
    again = build_house(tmp_path, house.database, HashingEmbedder(), importers=[Rows()])
    assert again.sync().failed == ()


def test_a_file_over_the_limit_is_not_even_read(tmp_path: Path, database: Database) -> None:
    house = build_house(tmp_path, database, HashingEmbedder(), file_bytes=1_000)
    path = house.write("big.txt", "x" * 2_000)
    path.chmod(0)
    assert "at most" in house.sync().failed[0].message
    with pytest.raises(TooLarge):
        house.add("big.txt", b"x" * 2_000)
    assert not house.uploads.exists()


def test_an_importer_stores_its_rows_and_keeps_the_text(tmp_path: Path, database: Database) -> None:
    house = build_house(tmp_path, database, HashingEmbedder(), importers=[Rows()])
    house.write("a.rows", "x y")
    house.sync()
    [info] = house.inbox.documents()
    assert (info.kind, info.detail, accounts(house)) == ("ledger", "2 rows", 2)
    with database.read() as session:
        assert documents.get(session, info.id).text == "x y"
    assert house.search("x y") == []


@pytest.mark.parametrize(("content", "words"), [("x late", "nobody"), ("crash", "flaw")])
def test_a_failure_at_any_step_leaves_no_rows(
    tmp_path: Path, database: Database, content: str, words: str
) -> None:
    house = build_house(tmp_path, database, HashingEmbedder(), importers=[Rows()])
    house.write("a.rows", content)
    house.write("b.rows", "fine")
    report = house.sync()
    assert words in report.failed[0].message
    assert accounts(house) == 1


@pytest.mark.parametrize("name", ["note", "upload"])
def test_reserved_source_names_are_refused(house: House, tmp_path: Path, name: str) -> None:
    with pytest.raises(BadConfiguration):
        Inbox(
            house.database,
            {name: tmp_path},
            [],
            Away(),
            house.index,
            uploads=house.uploads,
            file_bytes=1_000,
            clock=lambda: NOW,
        )
