"""`hearth backup` on a real restic repository: stored, listed, judged, told to the monitoring."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from backup_house import BackedUpHouse, manifest
from command_line import run

from hearth.ops.backup import kit as kits
from hearth.ops.backup import records

pytestmark = pytest.mark.skipif(shutil.which("restic") is None, reason="restic is not installed")


def test_backup_is_stored_listed_and_measured(kept_house: BackedUpHouse) -> None:
    record = kept_house.record()
    assert (record["owners"], record["databases"], record["same_disk"]) == (3, 3, True)
    assert record["files"] >= 3 + 2 + 3  # databases, the letter and the configuration, manifests
    (listed,) = kept_house.hearth.json("backup", "list")["backups"]
    assert listed["id"].startswith(record["snapshot"])
    assert kept_house.metric("hearth_backup_databases") == 3
    assert kept_house.metric("hearth_backup_same_disk") == 1
    assert kept_house.metric("hearth_backup_ok") == 1
    age = datetime.now(UTC).timestamp() - kept_house.metric(
        "hearth_backup_last_success_timestamp_seconds"
    )
    assert 0 <= age < 3_600  # the house is shared, and may have been made a while ago
    status = kept_house.hearth("backup", "status")
    assert status.exit_code == 0
    assert "same disk as the data" in status.stdout
    assert "No drill has been made yet" in status.stdout


def test_repository_is_made_once_and_its_password_is_kept(fresh_house: BackedUpHouse) -> None:
    key = fresh_house.settings.keys_dir / "backup-password"
    before = key.read_bytes()
    assert fresh_house.hearth("backup", "init").exit_code == 0
    assert fresh_house.hearth("backup", "init").exit_code == 6
    assert key.read_bytes() == before
    assert before not in b"".join(
        path.read_bytes() for path in fresh_house.repository.rglob("*") if path.is_file()
    )


def test_backup_before_init_says_what_to_do(fresh_house: BackedUpHouse) -> None:
    result = fresh_house.hearth("backup", "run")
    assert result.exit_code == 4
    assert "hearth backup init" in result.stderr
    assert fresh_house.metric("hearth_backup_ok") == 0


def test_house_without_a_repository_says_so(tmp_path: Path) -> None:
    config = tmp_path / "hearth.toml"
    config.write_text("[pods.family]\n")
    for command in (["backup", "run"], ["backup", "list"], ["backup", "init"], ["drill"]):
        result = run(*command, "--config", str(config))
        assert result.exit_code == 2
        assert "backup.repository" in result.stderr


def test_wrong_password_is_named(kept_house: BackedUpHouse) -> None:
    (kept_house.settings.keys_dir / "backup-password").write_bytes(b"another")
    result = kept_house.hearth("backup", "list")
    assert result.exit_code == 5
    assert "recovery kit" in result.stderr


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        ("owner", "no copy of pod-study"),
        ("databases", "no database in the copy of pod-study"),
        ("old", "too old to store"),
    ],
)
def test_hollow_backup_fails_loudly(kept_house: BackedUpHouse, fault: str, words: str) -> None:
    study = kept_house.settings.staging / "pod-study"
    told = manifest(study / "current")
    match fault:
        case "owner":
            shutil.rmtree(study)
        case "databases":
            told["databases"] = {}
        case "old":
            told["made"] = (datetime.now(UTC) - timedelta(hours=30)).isoformat()
    if fault != "owner":
        (study / "current" / "manifest.json").write_text(json.dumps(told))
    result = kept_house.hearth("backup", "run", "--staged")
    assert result.exit_code == 7
    assert words in result.stderr
    assert kept_house.metric("hearth_backup_ok") == 0
    assert kept_house.metric("hearth_backup_last_success_timestamp_seconds") > 0
    assert len(kept_house.hearth.json("backup", "list")["backups"]) == 1
    assert words in kept_house.hearth("backup", "status").stdout


def test_status_exits_6_when_no_backup_is_young_enough(kept_house: BackedUpHouse) -> None:
    record = records.backup_record(kept_house.settings)
    old = record.model_copy(update={"good": datetime.now(UTC) - timedelta(hours=25)})
    records.write_backup(kept_house.settings, old)
    result = kept_house.hearth("backup", "status")
    assert result.exit_code == 6
    assert "younger than 24 hours" in result.stderr
    shutil.rmtree(kept_house.settings.records)
    assert kept_house.hearth.json("backup", "status", exit_code=6)["error"]["code"] == "unavailable"


def test_retention_removes_old_backups_of_this_box_alone(kept_house: BackedUpHouse) -> None:
    key = kept_house.settings.keys_dir / "backup-password"
    environment = {**os.environ, "RESTIC_PASSWORD_FILE": str(key)}
    common = [
        "restic",
        "-r",
        kept_house.repository,
        "backup",
        "-q",
        "--tag=hearth",
        kept_house.config,
    ]
    for host in ("another-box", os.uname().nodename):
        for day in range(1, 13):
            time = f"2026-{day:02d}-01 03:00:00"
            subprocess.run(
                [*map(str, common), "--host", host, "--time", time], env=environment, check=True
            )
    kept_house.hearth.json("backup", "run", "--staged")
    boxes = [one["box"] for one in kept_house.hearth.json("backup", "list")["backups"]]
    assert boxes.count("another-box") == 12
    assert 1 < boxes.count(os.uname().nodename) < 14


def test_kit_is_read_back_from_text_and_from_what_its_code_says(kept_house: BackedUpHouse) -> None:
    printed = kept_house.hearth("backup", "kit").stdout
    password = (kept_house.settings.keys_dir / "backup-password").read_text()
    kit = kits.read(printed)
    assert (kit.repository, kit.password) == (str(kept_house.repository), password)
    assert kits.read("\n".join(kit.lines())) == kit
    assert "sudo hearth restore --kit -" in printed
    page = kept_house.hearth("backup", "kit", "--html").stdout
    assert password in page
    assert page.count("<svg") == (1 if shutil.which("qrencode") else 0)
    assert "http://" not in page.replace("http://www.w3.org/", "")


def test_kit_that_lacks_a_line_is_named() -> None:
    with pytest.raises(Exception, match="does not say: repository, password"):
        kits.read("Box: hearth\n")


def test_kit_keeps_what_the_repository_needs_besides() -> None:
    kit = kits.Kit("box", "rclone:away:hearth", "secret", {"RCLONE_CONFIG_AWAY_TYPE": "sftp"})
    assert kits.read("\n".join(kit.lines())) == kit
