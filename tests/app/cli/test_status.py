"""`hearth status` and `hearth doctor` on a box: the same that its pages say."""

from __future__ import annotations

from pathlib import Path

import pytest
from box_house import ago, all_well, backed_up, drilled, full_disk, report, silent_pod
from command_line import CommandLine

from hearth.config import Settings, load


@pytest.fixture
def hearth(tmp_path: Path) -> CommandLine:
    """The command line of a house that is watched and backed up."""
    config = tmp_path / "hearth.toml"
    config.write_text(
        'state_dir = "."\n[backup]\nrepository = "backups/repository"\n'
        '[monitoring]\nprometheus = "http://127.0.0.1:9090"\n'
    )
    return CommandLine(config)


@pytest.fixture
def settings(hearth: CommandLine) -> Settings:
    """Its settings; all is well there."""
    found = load(hearth.config)
    all_well(found)
    return found


@pytest.mark.usefixtures("settings")
def test_status_says_that_all_is_well(hearth: CommandLine) -> None:
    said = hearth("status")
    assert said.exit_code == 0
    assert "Everything is well." in said.stdout
    assert "7 of 7 answer" in said.stdout
    assert "214.0 MB" in said.stdout
    assert hearth.json("status")["well"]


def test_status_says_what_is_wrong_and_what_to_do(hearth: CommandLine, settings: Settings) -> None:
    report(settings, silent_pod("family"), full_disk())
    said = hearth("status")
    assert said.exit_code == 1
    for words in (
        "The pod family does not answer. (since ",
        "systemctl restart hearth-pod-family",
        "/mnt/data will be full within four days.",
        "6 of 7 answer",
    ):
        assert words in said.stdout
    troubles = hearth.json("status", exit_code=1)["troubles"]
    assert [each["name"] for each in troubles] == ["ProgramDown", "DiskFillsInFourDays"]


def test_what_can_wait_is_told_without_an_error(hearth: CommandLine, settings: Settings) -> None:
    report(settings, full_disk())
    said = hearth("status")
    assert said.exit_code == 0
    assert "Everything is well." not in said.stdout
    assert "shows what grows" in said.stdout


def test_status_without_a_monitoring_says_so(tmp_path: Path) -> None:
    config = tmp_path / "hearth.toml"
    config.write_text('state_dir = "."\n')
    said = CommandLine(config)("status")
    assert said.exit_code == 0
    assert "Nothing watches over this machine." in said.stdout
    assert "No backups are set up." in said.stdout


def test_doctor_names_the_same_alerts(hearth: CommandLine, settings: Settings) -> None:
    report(settings, silent_pod(), full_disk())
    backed_up(settings, good=ago(hours=30), failure="no room")
    drilled(settings, failure="a row is missing")
    findings = hearth.json("doctor", exit_code=1)["findings"]
    alerts = {each["what"]: each for each in findings if each["what"].startswith("alert ")}
    assert alerts.keys() == {
        "alert BackupFailed",
        "alert BackupTooOld",
        "alert DiskFillsInFourDays",
        "alert DrillFailed",
        "alert ProgramDown",
    }
    assert alerts["alert DiskFillsInFourDays"]["ok"]
    assert not alerts["alert ProgramDown"]["ok"]
    assert all(each["remedy"] for each in alerts.values())
    assert "look" in hearth("doctor").stdout
