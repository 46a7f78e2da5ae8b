"""SIGKILL while files come in: each is in whole or not at all, and what was acknowledged stays."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from pathlib import Path

import pytest
from fakes import HashingEmbedder
from pod_house import House, build_house
from sqlalchemy import text

from hearth.store.database import Database
from hearth.store.pod import search

FILES = 12
ROUNDS = 60


def take_in(folder: Path) -> None:
    """The process that is killed: syncs, uploads, embeds, and tells each thing done."""
    database = Database(folder / "pod" / "pod.sqlite3")
    house = build_house(folder, database, HashingEmbedder())
    for number in range(ROUNDS):
        fresh = house.write(".fresh", f"Version {number} of a paper.\n\n" * 40)
        fresh.rename(house.source / f"{number % FILES}.txt")
        house.sync()
        print("synced", number, flush=True)
        house.add(f"up-{number}.txt", f"Upload {number} about the flat.".encode())
        print("uploaded", f"up-{number}.txt", flush=True)
        if number % 3 == 0:
            house.embed()


@pytest.mark.parametrize("lines", [1, 2, 7, 20])
def test_a_kill_leaves_whole_documents(
    tmp_path: Path, database: Database, house: House, lines: int
) -> None:
    acknowledged = killed_after(lines, tmp_path)
    with database.write() as session:
        assert session.execute(text("PRAGMA integrity_check")).scalar_one() == "ok"
        search.check(session)
        assert session.execute(text("SELECT count(*) FROM chunks_fts")).scalar_one() == (
            session.execute(text("SELECT count(*) FROM chunks")).scalar_one()
        )
        bare = "SELECT count(*) FROM documents WHERE id NOT IN (SELECT document FROM chunks)"
        assert session.execute(text(bare)).scalar_one() == 0
    assert acknowledged <= {one.path for one in house.inbox.documents()}
    assert house.sync().failed == ()
    kept = {one.path for one in house.inbox.documents() if one.source == "upload"}
    assert kept == {path.name for path in house.uploads.glob("[!.]*")}
    asyncio.run(house.inbox.embed())
    assert house.search("paper version")[0].similarity > 0


def killed_after(lines: int, folder: Path) -> set[str]:
    """Run the process until it has told `lines` things; the uploads that it acknowledged."""
    code = f"import sys; sys.path[:] = {sys.path!r}; import test_kill, pathlib; "
    code += f"test_kill.take_in(pathlib.Path({str(folder)!r}))"
    here = str(Path(__file__).parent)
    child = subprocess.Popen(
        [sys.executable, "-c", code.replace("[:] = [", f"[:] = [{here!r}, ")],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert child.stdout is not None
    told = [child.stdout.readline() for _ in range(lines)]
    child.kill()
    told += child.stdout.readlines()
    child.stdout.close()
    assert child.wait() == -9
    return {line.split()[1] for line in told if line.startswith("uploaded")}
