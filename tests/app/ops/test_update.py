"""`hearth update`: every step in order, the way back, and real signatures."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from backup_house import BackedUpHouse
from command_line import run

from hearth.store import copies

WELL, ILL = "exit 0", "echo pod-family does not answer; exit 6"


def configure(
    house: BackedUpHouse, *, health: str = WELL, rollback: str = "", more: str = ""
) -> Path:
    """Commands that write down what they did; the file they write into."""
    journal = house.folder / "journal"

    def shell(script: str) -> str:
        return json.dumps(["sh", "-c", script])

    house.config.write_text(
        house.config.read_text()
        + f"""
[update]
difference = {shell("echo hearth 1 becomes {new}")}
switch = {shell(f"echo switch {{new}} >> {journal}")}
rollback = {shell(rollback or f"echo rollback >> {journal}")}
health = {shell(health)}
health_seconds = 1
{more}
"""
    )
    return journal


def result(house: BackedUpHouse) -> Any:
    """The newest update as it is on record."""
    (folder,) = (house.settings.state_dir / "updates").iterdir()
    return json.loads((folder / "result.json").read_text())


def names(told: Any) -> list[str]:
    """The steps, in order."""
    return [step["name"] for step in told["steps"]]


def test_update_goes_through_every_step(kept_house: BackedUpHouse) -> None:
    journal = configure(kept_house)
    done = kept_house.hearth("update", "run", "hearth-2", "--yes")
    assert done.exit_code == 0, done.output
    assert "hearth 1 becomes hearth-2" in done.stdout
    assert journal.read_text() == "switch hearth-2\n"
    told = result(kept_house)
    assert told["outcome"] == "done"
    assert names(told) == ["backup", "difference", "databases", "switch", "health"]
    (folder,) = (kept_house.settings.state_dir / "updates").iterdir()
    copied = copies.account(folder / "databases" / "pod-family.sqlite3")
    assert copied == copies.account(kept_house.database("family"))


def test_update_without_a_fresh_backup_changes_nothing(fresh_house: BackedUpHouse) -> None:
    journal = configure(fresh_house)
    refused = fresh_house.hearth("update", "run", "hearth-2", "--yes")
    assert refused.exit_code == 6
    assert "no good backup" in refused.stderr
    assert not journal.exists()
    assert result(fresh_house)["outcome"] == "refused"


def test_backup_can_be_waived(fresh_house: BackedUpHouse) -> None:
    configure(fresh_house)
    told = fresh_house.hearth.json("update", "run", "hearth-2", "--yes", "--without-backup")
    assert names(told) == ["difference", "databases", "switch", "health"]


def test_difference_can_be_declined(kept_house: BackedUpHouse) -> None:
    journal = configure(kept_house)
    declined = kept_house.hearth("update", "run", "hearth-2", stdin="n\n")
    assert declined.exit_code == 0
    assert "Nothing was changed." in declined.stdout
    assert not journal.exists()
    assert result(kept_house)["outcome"] == "declined"


def test_version_that_is_not_well_is_taken_back(fresh_house: BackedUpHouse) -> None:
    fresh_house.elsewhere_engine()
    journal = configure(fresh_house, health=ILL)
    with fresh_house.running("hub", "pod-family", "pod-study"):
        assert fresh_house.hearth("health", "--wait", "60").exit_code == 0
        failed = fresh_house.hearth("update", "run", "hearth-2", "--yes", "--without-backup")
    assert failed.exit_code == 6, failed.output
    assert "the old version runs again" in failed.stderr
    assert "pod-family does not answer" in failed.stderr
    assert journal.read_text() == "switch hearth-2\nrollback\n"
    told = result(fresh_house)
    assert told["outcome"] == "rolled back"
    assert names(told)[-3:] == ["health", "rollback", "health of the old version"]


def test_way_back_that_fails_says_where_the_databases_are(fresh_house: BackedUpHouse) -> None:
    configure(fresh_house, health=ILL, rollback="echo no such profile; exit 1")
    failed = fresh_house.hearth("update", "run", "hearth-2", "--yes", "--without-backup")
    assert failed.exit_code == 1
    assert "so did the way back" in failed.stderr
    assert "no such profile" in failed.stderr
    assert "databases" in failed.stderr
    assert result(fresh_house)["outcome"] == "stuck"


def test_update_needs_its_commands_and_its_aim(fresh_house: BackedUpHouse) -> None:
    assert "update.switch" in fresh_house.hearth("update", "run", "x").stderr
    configure(fresh_house)
    assert fresh_house.hearth("update", "run").exit_code == 3


@pytest.fixture
def signed(tmp_path: Path) -> tuple[Path, Path]:
    """A configuration that knows one signer, and an update which that one has signed."""
    for name in ("known", "stranger"):
        command = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(tmp_path / name)]
        subprocess.run(command, check=True)
    public = (tmp_path / "known.pub").read_text()
    (tmp_path / "signers").write_text(f'releases@hearth namespaces="hearth-update" {public}')
    config = tmp_path / "hearth.toml"
    config.write_text('[update]\nallowed_signers = "signers"\n')
    update = tmp_path / "update.tar"
    subprocess.run([sys.executable, "-m", "tarfile", "-c", str(update), str(config)], check=True)
    sign(update, tmp_path / "known")
    return config, update


def sign(file: Path, key: Path, namespace: str = "hearth-update") -> None:
    """Sign with the real tool."""
    command = ["ssh-keygen", "-q", "-Y", "sign", "-f", str(key), "-n", namespace, str(file)]
    file.with_name(f"{file.name}.sig").unlink(missing_ok=True)
    subprocess.run(command, check=True, capture_output=True)


def test_signed_update_names_its_signer(signed: tuple[Path, Path]) -> None:
    config, update = signed
    done = run("update", "verify", str(update), "--config", str(config))
    assert done.exit_code == 0, done.output
    assert "releases@hearth" in done.stdout


@pytest.mark.parametrize(
    ("fault", "exit_code", "words"),
    [
        ("tampered", 7, "not what releases@hearth has signed"),
        ("unsigned", 5, "is not signed"),
        ("stranger", 5, "nobody on the list"),
        ("purpose", 7, "not what releases@hearth has signed"),
        ("garbage", 5, "nobody on the list"),
        ("missing", 3, "no such file"),
        ("nobody", 2, "nobody may sign"),
    ],
)
def test_update_that_cannot_be_trusted_is_refused(
    signed: tuple[Path, Path], fault: str, exit_code: int, words: str
) -> None:
    config, update = signed
    signature = update.with_name("update.tar.sig")
    match fault:
        case "tampered":
            update.write_bytes(update.read_bytes() + b"more")
        case "unsigned":
            signature.unlink()
        case "stranger":
            sign(update, update.with_name("stranger"))
        case "purpose":
            sign(update, update.with_name("known"), namespace="file")
        case "garbage":
            signature.write_text("trust me")
        case "missing":
            update.unlink()
        case "nobody":
            config.write_text("")
    refused = run("update", "verify", str(update), "--config", str(config))
    assert refused.exit_code == exit_code, refused.output
    assert words in refused.stderr


def stick(house: BackedUpHouse, signed: tuple[Path, Path]) -> tuple[Path, Path]:
    """A house that takes updates as files, and one such file; where it writes what it brought."""
    brought = house.folder / "brought"
    script = f"cp {{file}} {brought}; echo unpacked; echo hearth-3"
    configure(
        house,
        more=f"""
bring = {json.dumps(["sh", "-c", script])}
allowed_signers = {json.dumps(str(signed[1].with_name("signers")))}
""",
    )
    return signed[1], brought


def test_update_from_a_stick_is_verified_brought_and_run(
    kept_house: BackedUpHouse, signed: tuple[Path, Path]
) -> None:
    file, brought = stick(kept_house, signed)
    done = kept_house.hearth("update", "run", str(file), "--yes")
    assert done.exit_code == 0, done.output
    assert "by releases@hearth" in done.stdout
    assert "hearth 1 becomes hearth-3" in done.stdout
    assert brought.read_bytes() == file.read_bytes()
    told = result(kept_house)
    assert told["new"] == "hearth-3"
    assert names(told)[:3] == ["signature", "bring", "backup"]
    (folder,) = (kept_house.settings.state_dir / "updates").iterdir()
    assert not (folder / "update").exists()


@pytest.mark.parametrize("fault", ["tampered", "unsigned", "torn"])
def test_update_from_a_stick_that_is_not_to_be_trusted_is_not_brought(
    kept_house: BackedUpHouse, signed: tuple[Path, Path], fault: str
) -> None:
    file, brought = stick(kept_house, signed)
    match fault:
        case "tampered":
            file.write_bytes(file.read_bytes() + b"more")
        case "unsigned":
            file.with_name(f"{file.name}.sig").unlink()
        case "torn":
            file.write_bytes(file.read_bytes()[:-1])
    refused = kept_house.hearth("update", "run", str(file), "--yes")
    assert refused.exit_code in {5, 7}, refused.output
    assert not brought.exists()
    assert result(kept_house)["outcome"] == "refused"
    (folder,) = (kept_house.settings.state_dir / "updates").iterdir()
    assert not (folder / "update").exists()


def test_machine_that_takes_no_files_says_so(
    kept_house: BackedUpHouse, signed: tuple[Path, Path]
) -> None:
    journal = configure(kept_house)
    refused = kept_house.hearth("update", "run", str(signed[1]), "--yes")
    assert refused.exit_code == 2, refused.output
    assert "update.bring" in refused.stderr
    assert not journal.exists()
