"""What connectors lay into the inbox: taken in, followed, and not trusted."""

from __future__ import annotations

import asyncio
import os
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from fakes import HashingEmbedder
from pod_house import House, build_house

from hearth.connectors import folder
from hearth.core.api import ConnectorState, FileFailure
from hearth.pod.connected import follow, holds_a_copy, states
from hearth.store import whole
from hearth.store.database import Database

AT = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
GONE = FileFailure(path="school", message="there is nothing at this address any more")


def told(place: Path, *, fetched: datetime | None = AT, at: datetime = AT) -> ConnectorState:
    """What the connector says after a look."""
    place.mkdir(parents=True, exist_ok=True)
    failed = () if fetched == at else (GONE,)
    state = ConnectorState(name="x", kind="ics", at=at, fetched=fetched, failed=failed)
    folder.put_record(place, state)
    return state


@pytest.fixture
def inbox(tmp_path: Path) -> Path:
    return tmp_path / "inbox" / "school"


@pytest.fixture
def connected(tmp_path: Path, database: Database, inbox: Path) -> House:
    return build_house(tmp_path, database, HashingEmbedder(), fetched={"school": inbox})


def listed(house: House) -> dict[str, str]:
    return {one.path: one.source for one in house.inbox.documents()}


def test_what_was_fetched_is_read_followed_and_forgotten(connected: House, inbox: Path) -> None:
    assert connected.sync().failed == ()  # nothing was fetched yet, and nothing is wrong with that
    told(inbox)
    whole.put(inbox / "letter.txt", b"The school closes at noon.")
    assert connected.sync().added == 1
    assert listed(connected) == {"letter.txt": "school"}
    whole.put(inbox / "letter.txt", b"The school closes at one.")
    assert connected.sync().changed == 1
    (inbox / "letter.txt").unlink()
    assert connected.sync().removed == 1
    assert listed(connected) == {}


def test_an_inbox_that_was_never_filled_deletes_nothing(connected: House, inbox: Path) -> None:
    told(inbox)
    whole.put(inbox / "letter.txt", b"The school closes at noon.")
    connected.sync()
    # As on a new box, to which the pod's data was restored.
    for path in inbox.iterdir():
        path.unlink()
    assert connected.sync().removed == 0
    told(inbox, fetched=None)  # the first look failed
    assert connected.sync().removed == 0
    assert listed(connected) == {"letter.txt": "school"}
    told(inbox)
    assert connected.sync().removed == 1


def test_a_connector_that_is_no_more_takes_its_documents_along(
    connected: House, tmp_path: Path, database: Database, inbox: Path
) -> None:
    told(inbox)
    whole.put(inbox / "letter.txt", b"The school closes at noon.")
    connected.sync()
    assert build_house(tmp_path, database, HashingEmbedder()).sync().removed == 1


def test_how_connectors_are(inbox: Path, tmp_path: Path) -> None:
    other = tmp_path / "inbox" / "choir"
    failed = told(inbox, at=AT + timedelta(hours=1))
    folders = {"school": inbox, "choir": other}
    assert states(folders) == (failed.model_copy(update={"name": "school"}),)
    assert holds_a_copy(inbox)
    assert not holds_a_copy(other)


def test_a_record_that_is_none_is_not_believed(inbox: Path, tmp_path: Path) -> None:
    told(inbox)
    record = inbox / folder.RECORD
    real = record.read_bytes()
    for what in (b"", b"{}", b"[" * 100_000, real + b" " * 1_000_000 + b"x"):
        record.write_bytes(what)
        assert folder.record(inbox) is None
    record.unlink()
    elsewhere = tmp_path / "elsewhere.json"
    elsewhere.write_bytes(real)
    record.symlink_to(elsewhere)
    assert folder.record(inbox) is None
    record.unlink()
    os.mkfifo(record)
    assert folder.record(inbox) is None
    record.unlink()
    record.mkdir()
    assert folder.record(inbox) is None


def test_each_look_is_followed_by_a_sync(inbox: Path) -> None:
    async def watch() -> int:
        synced = 0

        async def sync() -> bool:
            nonlocal synced
            synced += 1
            return True

        def wait(count: int) -> None:
            end = time.monotonic() + 20
            while synced < count:
                assert time.monotonic() < end
                time.sleep(0.01)

        async def until(count: int) -> None:
            await asyncio.to_thread(wait, count)

        task = asyncio.create_task(follow({"school": inbox}, sync, every=0.01))
        try:
            await until(1)
            told(inbox)
            await until(2)
            told(inbox, at=AT + timedelta(minutes=15))
            await until(3)
        finally:
            task.cancel()
        await asyncio.sleep(0.1)
        return synced

    assert asyncio.run(watch()) == 3


def test_without_connectors_there_is_one_sync() -> None:
    synced: list[int] = []

    async def sync() -> bool:
        synced.append(1)
        return True

    asyncio.run(asyncio.wait_for(follow({}, sync, every=0.01), 20))
    assert synced == [1]
