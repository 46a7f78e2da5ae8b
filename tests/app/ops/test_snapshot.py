"""`hearth backup snapshot`: consistent while others write, one folder an owner, replaced whole."""

from __future__ import annotations

import sqlite3
import threading
from contextlib import closing
from hashlib import sha256
from pathlib import Path

import pytest
from backup_house import LETTER, BackedUpHouse, change, manifest
from command_line import run

from hearth.core.errors import Damaged
from hearth.ops.backup import verify
from hearth.ops.backup.owners import owners


def test_every_owner_has_a_folder_with_its_manifest(fresh_house: BackedUpHouse) -> None:
    told = fresh_house.hearth.json("backup", "snapshot")
    assert [copy["owner"] for copy in told["copies"]] == ["hub", "pod-family", "pod-study"]
    family = fresh_house.settings.staging / "pod-family" / "current"
    made = manifest(family)
    database = made["databases"]["pod.sqlite3"]
    assert database["rows"]["accounts"] == 20
    assert database["revision"] == "0001"
    assert database["sha256"] == sha256((family / "pod.sqlite3").read_bytes()).hexdigest()
    assert made["files"]["uploads/letter.txt"]["bytes"] == len(LETTER)
    assert (family / "uploads" / "letter.txt").read_text() == LETTER
    hub = fresh_house.settings.staging / "hub" / "current"
    assert (hub / "configuration" / "hearth.toml").read_bytes() == fresh_house.config.read_bytes()
    assert not [path for path in family.rglob("*") if path.stat().st_mode & 0o077]


def test_one_owner_alone(fresh_house: BackedUpHouse) -> None:
    assert fresh_house.hearth("backup", "snapshot", "--pod", "study").exit_code == 0
    assert fresh_house.hearth("backup", "snapshot", "--hub").exit_code == 0
    assert sorted(path.name for path in fresh_house.settings.staging.iterdir()) == [
        "hub",
        "pod-study",
    ]
    assert fresh_house.hearth("backup", "snapshot", "--pod", "garden").exit_code == 4


def test_copy_is_consistent_while_a_program_writes(fresh_house: BackedUpHouse) -> None:
    """Two rows in one transaction: a copy has both or neither."""
    done = threading.Event()

    def write() -> None:
        with closing(sqlite3.connect(fresh_house.database("family"), timeout=30)) as live:
            number = 0
            while not done.is_set():
                number += 1
                with live:
                    for side in "ab":
                        values = (f"{side}{number}",)
                        row = "INSERT INTO accounts (name, currency) VALUES (?, 'EUR')"
                        live.execute(row, values)

    writer = threading.Thread(target=write)
    writer.start()
    try:
        for _ in range(5):
            assert fresh_house.hearth("backup", "snapshot", "--pod", "family").exit_code == 0
            made = manifest(fresh_house.settings.staging / "pod-family" / "current")
            assert made["databases"]["pod.sqlite3"]["rows"]["accounts"] % 2 == 0
    finally:
        done.set()
        writer.join()
    owner = owners(fresh_house.settings, pod="family")[0]
    verify.whole(fresh_house.settings.staging / "pod-family" / "current", owner)


def test_group_of_the_folder_may_read_where_it_is_handed_down(fresh_house: BackedUpHouse) -> None:
    place = fresh_house.settings.staging / "pod-study"
    place.mkdir(parents=True)
    place.chmod(0o2750)
    assert fresh_house.hearth("backup", "snapshot", "--pod", "study").exit_code == 0
    current = place / "current"
    assert current.stat().st_mode & 0o777 == 0o750
    assert (current / "pod.sqlite3").stat().st_mode & 0o777 == 0o640
    assert current.stat().st_gid == place.stat().st_gid


def test_copy_before_stays_when_a_new_one_fails(fresh_house: BackedUpHouse) -> None:
    assert fresh_house.hearth("backup", "snapshot", "--pod", "family").exit_code == 0
    fresh_house.database("family").write_bytes(b"this is not a database, whatever its name says")
    for name in ("pod.sqlite3-wal", "pod.sqlite3-shm"):
        fresh_house.database("family").with_name(name).unlink(missing_ok=True)
    failed = fresh_house.hearth("backup", "snapshot", "--pod", "family")
    assert failed.exit_code == 7
    current = fresh_house.settings.staging / "pod-family" / "current"
    assert manifest(current)["databases"]["pod.sqlite3"]["rows"]["accounts"] == 20
    assert verify.whole(current, owners(fresh_house.settings, pod="family")[0])


def test_house_that_has_never_started_has_nothing_to_copy(tmp_path: Path) -> None:
    config = tmp_path / "hearth.toml"
    config.write_text("[pods.family]\n")
    result = run("backup", "snapshot", "--config", str(config))
    assert result.exit_code == 4
    assert "Start Hearth once" in result.stderr


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        ("row", "accounts has 19 rows, not 20"),
        ("byte", "letter.txt has changed"),
        ("file", "letter.txt is missing"),
        ("more", "stray.txt does not belong to it"),
        ("link", "etc does not belong to it"),
        ("manifest", "no manifest"),
        ("newer", "newer version of Hearth"),
    ],
)
def test_every_fault_of_a_copy_is_seen(fresh_house: BackedUpHouse, fault: str, words: str) -> None:
    assert fresh_house.hearth("backup", "snapshot", "--pod", "family").exit_code == 0
    copy = fresh_house.settings.staging / "pod-family" / "current"
    letter = copy / "uploads" / "letter.txt"
    match fault:
        case "row":
            change(copy / "pod.sqlite3", "DELETE FROM accounts WHERE name = 'account 3'")
        case "byte":
            letter.write_text(LETTER.replace("bicycles", "bicycleS"))
        case "file":
            letter.unlink()
        case "more":
            (copy / "stray.txt").touch()
        case "link":  # what root would follow
            (copy / "etc").symlink_to("/etc")
        case "manifest":
            (copy / "manifest.json").unlink()
        case "newer":
            change(copy / "pod.sqlite3", "UPDATE alembic_version SET version_num = '9999'")
            change(copy / "pod.sqlite3", "PRAGMA user_version = 99")
    with pytest.raises(Damaged, match=words):
        verify.whole(copy, owners(fresh_house.settings, pod="family")[0])


def test_links_and_caches_are_left_out(fresh_house: BackedUpHouse) -> None:
    pod = fresh_house.settings.pod_dir("family")
    (pod / "vectors.hnsw").write_bytes(b"cache")
    (pod / "uploads" / "passwd").symlink_to("/etc/passwd")
    assert fresh_house.hearth("backup", "snapshot", "--pod", "family").exit_code == 0
    made = manifest(fresh_house.settings.staging / "pod-family" / "current")
    assert list(made["files"]) == ["uploads/letter.txt"]
