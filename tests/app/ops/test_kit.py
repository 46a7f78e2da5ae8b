"""From the kit alone to a new box whose backups go on; and as whom root's restic runs."""

from __future__ import annotations

import grp
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from backup_house import BackedUpHouse, short_folder

from hearth.cli.keys import needed
from hearth.config import load
from hearth.core.errors import BadConfiguration
from hearth.ops import keys
from hearth.ops.backup import folders, user
from hearth.ops.backup.restic import Restic

pytestmark = pytest.mark.skipif(shutil.which("restic") is None, reason="restic is not installed")
root = pytest.mark.skipif(os.geteuid() != 0, reason="only root acts as others")


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that others may look into, which those of pytest are not."""
    with short_folder() as folder:
        folder.chmod(0o755)
        yield folder


def kit_of(house: BackedUpHouse) -> str:
    """What a person types from the paper."""
    lines = house.hearth("backup", "kit").stdout.splitlines()
    return "\n".join(
        line for line in lines if line.startswith(("Box:", "Repository:", "Password:"))
    )


def renewed(house: BackedUpHouse, **backup: str) -> Path:
    """The house as a box that was just installed: with a key of its own, and no data."""
    shutil.rmtree(house.settings.state_dir)
    lines = "".join(f'{key} = "{value}"\n' for key, value in backup.items())
    house.config.write_text(house.config.read_text() + lines)
    house.settings = load(house.config)
    assert house.hearth("keys", "make").exit_code == 0
    return house.settings.keys_dir / "backup-password"


def test_typed_kit_restores_and_the_next_backup_goes_on(kept_house: BackedUpHouse) -> None:
    kit = kit_of(kept_house)
    key = renewed(kept_house)
    assert kept_house.hearth("backup", "list").exit_code == 5
    result = kept_house.hearth("restore", "--kit", "-", stdin=kit)
    assert result.exit_code == 0, result.output
    assert f"Backups go on in {kept_house.repository}." in result.stdout
    assert kept_house.accounts() == 20
    assert key.read_text() == kit.splitlines()[2].removeprefix("Password: ")
    assert key.stat().st_mode & 0o777 == 0o600
    stored = kept_house.hearth.json("backup", "run")["snapshot"]
    *_, newest = kept_house.hearth.json("backup", "list")["backups"]
    assert newest["id"].startswith(stored)


def test_wrong_kit_changes_nothing(kept_house: BackedUpHouse) -> None:
    kit = kit_of(kept_house)
    key = renewed(kept_house)
    before = key.read_bytes()
    assert kept_house.hearth("restore", "--kit", "-", stdin=f"{kit}x").exit_code == 5
    assert kept_house.hearth("restore", "--kit", "-", stdin="Box: hearth\n").exit_code == 3
    assert key.read_bytes() == before
    assert not kept_house.database("family").exists()


def test_box_with_another_repository_keeps_its_password(kept_house: BackedUpHouse) -> None:
    kit = kit_of(kept_house)
    text = kept_house.config.read_text()
    kept_house.config.write_text(text.replace('"repository"', '"another"'))
    key = renewed(kept_house)
    before = key.read_bytes()
    told = kept_house.hearth("restore", "--kit", "-", stdin=kit)
    assert told.exit_code == 0, told.output
    assert f"Backups of this box go to {kept_house.folder / 'another'}" in told.stdout
    assert f"name {kept_house.repository} in services.hearth.backup.repository" in told.stdout
    assert key.read_bytes() == before
    assert kept_house.accounts() == 20


def test_file_that_the_box_was_given_is_not_written(kept_house: BackedUpHouse) -> None:
    kit = kit_of(kept_house)
    file = kept_house.folder / "given"
    file.write_text("another\n")
    renewed(kept_house, password_file=str(file))
    told = kept_house.hearth("restore", "--kit", "-", stdin=kit)
    assert f"{file}: put what the kit says of backup-password into it." in told.stdout
    assert file.read_text() == "another\n"
    file.write_text(f"{kit.splitlines()[2].removeprefix('Password: ')}\n")
    told = kept_house.hearth("restore", "--kit", "-", stdin=kit)
    assert "Backups go on" in told.stdout
    kept_house.hearth.json("backup", "run")


def test_root_and_unit_open_the_repository_with_one_password(
    fresh_house: BackedUpHouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = fresh_house.folder / "given"
    given.write_text("of the unit\n")
    text = fresh_house.config.read_text()
    fresh_house.config.write_text(f'{text}password_file = "given"\n')
    settings = load(fresh_house.config)
    assert "backup-password" not in needed(settings)
    # What was made before the file was named is not what the unit uses, so it is not root's.
    assert (settings.keys_dir / "backup-password").is_file()
    fresh_house.hearth.json("backup", "init")
    environment = {**os.environ, "RESTIC_PASSWORD_FILE": str(given)}
    opened = ["restic", "-q", "-r", str(fresh_house.repository), "cat", "config"]
    subprocess.run(opened, env=environment, check=True, capture_output=True)
    fresh_house.hearth.json("backup", "run")
    assert "Password: of the unit" in fresh_house.hearth("backup", "kit").stdout
    # The unit has it as a credential, and may not read the file.
    folder = fresh_house.folder / "credentials"
    folder.mkdir()
    given.rename(folder / "backup-password")
    assert fresh_house.hearth("backup", "list").exit_code == 2
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(folder))
    assert len(fresh_house.hearth.json("backup", "list")["backups"]) == 1


def test_file_of_a_secret_that_is_not_there_is_named(tmp_path: Path) -> None:
    config = tmp_path / "hearth.toml"
    config.write_text("[pods.family]\n")
    with pytest.raises(BadConfiguration, match="No such file") as caught:
        keys.find(load(config), "backup-password", tmp_path / "gone")
    assert caught.value.where == str(tmp_path / "gone")


def test_household_folders_come_back_and_a_drill_wants_them(kept_house: BackedUpHouse) -> None:
    outputs = kept_house.folder / "outputs"
    (outputs / "trip").mkdir(parents=True)
    plan = outputs / "trip" / "plan.txt"
    plan.write_text("by train\n")
    plan.chmod(0o640)
    group = plan.stat().st_gid
    if os.geteuid() == 0:  # who else may give files away
        group = grp.getgrnam("tty").gr_gid
        os.chown(plan, -1, group)
    (outputs / ".lock").write_text("a file of the household's, whatever it is called\n")
    text = kept_house.config.read_text()
    kept_house.config.write_text(f'{text}folders = ["outputs"]\n')
    drilled = kept_house.hearth("drill")
    assert drilled.exit_code == 7
    assert f"there is no {outputs} in this backup" in drilled.stderr
    kept_house.hearth.json("backup", "run")
    shutil.rmtree(outputs / "trip")
    (outputs / "late.txt").touch()
    *_, told = kept_house.hearth.json("restore")["restored"]
    assert (told["owner"], told["files"]) == (str(outputs), 2)
    assert plan.read_text() == "by train\n"
    assert (plan.stat().st_mode & 0o777, plan.stat().st_gid) == (0o640, group)
    assert (outputs / ".lock").exists()
    assert not (outputs / "late.txt").exists()
    assert (Path(told["before"]) / "late.txt").exists()
    aside = kept_house.folder / "aside"
    kept_house.hearth.json("restore", "--into", str(aside))
    assert (aside / plan.relative_to("/")).read_text() == "by train\n"
    kept_house.hearth.json("restore", "--pod", "study")
    shutil.rmtree(outputs)
    assert kept_house.hearth("backup", "run").exit_code == 7


def test_folder_on_a_disk_of_its_own_is_refused() -> None:
    with pytest.raises(Exception, match="another disk is mounted here"):
        folders.refuse_mounted([Path("/proc")])


@root
def test_what_root_stores_belongs_to_the_backups_user(open_folder: Path) -> None:
    nobody = user.named("nobody")
    assert nobody is not None
    repository = open_folder / "repository"
    user.make(repository, nobody)
    restic = Restic(str(repository), b"secret", user=nobody)
    restic.init()
    data = open_folder / "data"
    data.mkdir()
    (data / "file").write_text("text")
    stored = restic.backup(data, [], "box", lambda _fraction: None)
    (listed,) = restic.listing().backups
    assert listed.id.startswith(stored.snapshot)
    assert {path.stat().st_uid for path in repository.rglob("*")} == {nobody.number}
    # Root's own restic would leave what this user cannot even list.
    Restic(str(repository), b"secret").backup(data, [], "box", lambda _fraction: None)
    assert {path.stat().st_uid for path in repository.rglob("*")} == {0, nobody.number}
    with pytest.raises(Exception, match="permission denied"):
        restic.check()
    (repository / "beside").mkdir()
    user.hand_over(repository, nobody)
    restic.check()
    assert (repository / "beside").stat().st_uid == 0


@root
def test_what_root_copies_belongs_to_its_owner(fresh_house: BackedUpHouse) -> None:
    nobody = user.named("nobody")
    assert nobody is not None
    pod = fresh_house.settings.pod_dir("study")
    os.chown(pod, nobody.number, nobody.group)
    fresh_house.hearth.json("backup", "snapshot", "--pod", "study")
    place = fresh_house.settings.staging / "pod-study"
    found = {path.name: path.stat().st_uid for path in place.rglob("*")}
    assert found[".lock"] == nobody.number
    assert set(found.values()) == {nobody.number}


@root
def test_folder_that_is_no_repository_is_handed_to_nobody(tmp_path: Path) -> None:
    nobody = user.named("nobody")
    assert nobody is not None
    (tmp_path / "data").mkdir()
    user.hand_over(tmp_path, nobody)
    assert (tmp_path / "data").stat().st_uid == 0
    assert user.named("nobody-at-all") is None
