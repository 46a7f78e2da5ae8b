"""Back up, destroy, restore, compare; and a drill that must fail does fail."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
from contextlib import closing
from pathlib import Path

import pytest
from backup_house import LETTER, BackedUpHouse, change
from command_line import run

from hearth.ops.backup.drill import QUESTIONS, questions
from hearth.store import copies

pytestmark = pytest.mark.skipif(shutil.which("restic") is None, reason="restic is not installed")


def contents(house: BackedUpHouse) -> dict[str, copies.Account]:
    """Every database's rows."""
    return {name: copies.account(house.database(name)) for name in ("hub", "family", "study")}


def spoil(house: BackedUpHouse) -> None:
    """Flip a byte of the largest file in the repository, which holds the databases."""
    data = [path for path in (house.repository / "data").rglob("*") if path.is_file()]
    pack = max(data, key=lambda path: path.stat().st_size)
    spoilt = bytearray(pack.read_bytes())
    spoilt[len(spoilt) // 3] ^= 1
    pack.chmod(0o600)
    pack.write_bytes(spoilt)


def test_destroyed_house_comes_back_as_it_was(kept_house: BackedUpHouse) -> None:
    before = contents(kept_house)
    shutil.rmtree(kept_house.settings.state_dir / "pods")
    shutil.rmtree(kept_house.settings.hub_dir)
    told = kept_house.hearth.json("restore")["restored"]
    assert [one["owner"] for one in told] == ["hub", "pod-family", "pod-study"]
    assert contents(kept_house) == before
    letter = kept_house.settings.pod_dir("family") / "uploads" / "letter.txt"
    assert letter.read_text() == LETTER
    assert kept_house.settings.pod_dir("family").stat().st_mode & 0o777 == 0o700
    assert not list(kept_house.settings.scratch.iterdir())


def test_what_was_there_is_kept_beside(kept_house: BackedUpHouse) -> None:
    kept_house.execute("family", "DELETE FROM accounts")
    (one,) = kept_house.hearth.json("restore", "--pod", "family")["restored"]
    assert kept_house.accounts() == 20
    with closing(sqlite3.connect(Path(one["before"]) / "pod.sqlite3")) as before:
        assert before.execute("SELECT count(*) FROM accounts").fetchone() == (0,)
    assert ".before-restore-" in one["before"]


def test_backup_is_chosen_by_its_id(kept_house: BackedUpHouse) -> None:
    kept_house.execute("family", "DELETE FROM accounts")
    newest = kept_house.hearth.json("backup", "run")["snapshot"]
    kept_house.execute("family", "INSERT INTO accounts (name, currency) VALUES ('late', 'EUR')")
    kept_house.hearth.json("restore", "--snapshot", newest)
    assert kept_house.accounts() == 0
    assert kept_house.hearth("restore", "--snapshot", "ffffffff").exit_code == 4
    assert kept_house.hearth("restore", "--snapshot", "").exit_code == 4


def test_restore_refuses_while_a_program_runs(kept_house: BackedUpHouse) -> None:
    with kept_house.running("pod-family") as (process,):
        kept_house.wait_for("pod-family")
        result = kept_house.hearth("restore")
        assert result.exit_code == 6
        assert f"pod-family is running (process {process.pid})" in result.stderr
        elsewhere = kept_house.folder / "elsewhere"
        assert kept_house.hearth("restore", "--into", str(elsewhere)).exit_code == 0
    assert kept_house.hearth("restore").exit_code == 0


def test_kit_alone_brings_everything_to_a_new_box(
    kept_house: BackedUpHouse, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = contents(kept_house)
    kit = tmp_path / "kit.txt"
    kit.write_text(kept_house.hearth("backup", "kit").stdout)
    text = kept_house.config.read_text()
    shutil.rmtree(kept_house.settings.state_dir)
    kept_house.config.unlink()
    monkeypatch.chdir(tmp_path)
    new = tmp_path / "new"
    result = run("restore", "--kit", str(kit), "--into", str(new))
    assert result.exit_code == 0, result.output
    assert copies.account(new / "pods" / "family" / "pod.sqlite3") == before["family"]
    assert copies.account(new / "hub" / "hub.sqlite3") == before["hub"]
    assert (new / "configuration" / "hearth.toml").read_text() == text
    assert run("restore", "--kit", str(kit), "--into", str(new)).exit_code == 6
    kept_house.config.write_text(text)
    assert kept_house.hearth("restore", "--kit", str(kit)).exit_code == 0
    assert contents(kept_house) == before


def test_damaged_repository_changes_nothing(kept_house: BackedUpHouse) -> None:
    kept_house.execute("family", "INSERT INTO accounts (name, currency) VALUES ('late', 'EUR')")
    spoil(kept_house)
    result = kept_house.hearth("restore")
    assert result.exit_code == 7, result.output
    assert kept_house.accounts() == 21
    assert not list(kept_house.settings.scratch.iterdir())


def test_drill_restores_compares_and_asks(kept_house: BackedUpHouse) -> None:
    with kept_house.model():
        record = kept_house.hearth.json("drill")
    assert record["questions"] == 3 + 1
    assert kept_house.metric("hearth_drill_ok") == 1
    assert kept_house.metric("hearth_drill_last_success_timestamp_seconds") > 0
    assert not list(kept_house.settings.scratch.iterdir())
    assert "The last drill went well" in kept_house.hearth("backup", "status").stdout


def test_every_pod_is_asked_and_every_question_once() -> None:
    asked = questions(
        {
            "family": ["calendar", "documents", "notes"],
            "finance": ["ledger", "documents", "notes"],
            "study": ["calendar", "notes"],
            "garden": ["calendar"],
            "attic": [],
        }
    )
    assert asked == {
        "family": [QUESTIONS["calendar"], QUESTIONS["documents"]],
        "finance": [QUESTIONS["ledger"]],
        "study": [QUESTIONS["notes"]],
        "garden": [QUESTIONS["calendar"]],
    }


def test_drill_sees_a_flipped_byte_in_the_repository(kept_house: BackedUpHouse) -> None:
    spoil(kept_house)
    result = kept_house.hearth("drill")
    assert result.exit_code == 7, result.output
    assert kept_house.metric("hearth_drill_ok") == 0
    assert kept_house.metric("hearth_drill_last_success_timestamp_seconds") == 0
    assert not list(kept_house.settings.scratch.iterdir())
    assert "The last drill failed" in kept_house.hearth("backup", "status").stdout


def test_damaged_backup_is_no_missing_one(
    kept_house: BackedUpHouse, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What restic keeps in its cache hides the damage; the drill looks at the repository."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    key = kept_house.settings.keys_dir / "backup-password"
    environment = {**os.environ, "RESTIC_PASSWORD_FILE": str(key)}
    again = ["restic", "-q", "-r", str(kept_house.repository), "backup", "--tag=hearth", "."]
    subprocess.run(again, cwd=kept_house.settings.staging, env=environment, check=True)
    first, newest = (one["id"] for one in kept_house.hearth.json("backup", "list")["backups"])
    damaged = kept_house.repository / "snapshots" / newest
    held = bytearray(damaged.read_bytes())
    held[len(held) // 2] ^= 1
    damaged.chmod(0o600)
    damaged.write_bytes(held)
    assert len(kept_house.hearth.json("backup", "list")["backups"]) == 2
    drilled = kept_house.hearth("drill")
    assert drilled.exit_code == 7, drilled.output
    assert f"{kept_house.repository}: the repository is damaged" in drilled.stderr
    assert "begin a new repository on another one" in drilled.stderr
    assert "there is no backup" not in drilled.stderr
    shutil.rmtree(tmp_path / "restic")
    listed = kept_house.hearth.json("backup", "list")
    assert ([one["id"] for one in listed["backups"]], listed["unreadable"]) == (
        [first],
        [newest[:8]],
    )
    assert kept_house.hearth("restore").exit_code == 7
    assert kept_house.hearth("restore", "--snapshot", newest).exit_code == 7
    assert kept_house.hearth("restore", "--snapshot", first[:8]).exit_code == 0


def test_drill_sees_rows_that_were_deleted_after_the_copy(fresh_house: BackedUpHouse) -> None:
    fresh_house.hearth.json("backup", "init")
    fresh_house.hearth.json("backup", "snapshot")
    copy = fresh_house.settings.staging / "pod-family" / "current" / "pod.sqlite3"
    change(copy, "DELETE FROM accounts WHERE name = 'account 7'")
    fresh_house.hearth.json("backup", "run", "--staged")
    result = fresh_house.hearth("drill")
    assert result.exit_code == 7
    assert "accounts has 19 rows, not 20" in result.stderr


def test_drill_without_a_model_server_is_no_good_drill(kept_house: BackedUpHouse) -> None:
    result = kept_house.hearth("drill")
    assert result.exit_code == 6, result.output
    assert kept_house.metric("hearth_drill_ok") == 0
