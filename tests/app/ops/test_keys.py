"""`hearth keys make`: made once, for their owner alone, sealed by the real systemd-creds."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest
from command_line import run

from hearth.config import load
from hearth.core.errors import BadConfiguration, Unavailable
from hearth.ops import keys


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """A house of two pods with backups."""
    path = tmp_path / "hearth.toml"
    path.write_text(
        'state_dir = "state"\ncredentials_dir = "sealed"\n[pods.family]\n[pods.finance]\n'
        '[backup]\nrepository = "usb"\n'
    )
    return path


def test_keys_are_made_once_and_for_their_owner_alone(config: Path) -> None:
    first = json.loads(run("keys", "make", "--config", str(config), "--json").stdout)
    assert first["made"] == ["grant-key-family", "grant-key-finance", "backup-password"]
    folder = config.parent / "state" / "keys"
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    assert sorted(before) == sorted(first["made"])
    assert {path.stat().st_mode & 0o777 for path in (folder, *folder.iterdir())} == {0o700, 0o600}
    (folder / "grant-key-family").unlink()
    again = json.loads(run("keys", "make", "--config", str(config), "--json").stdout)
    assert again["made"] == ["grant-key-family"]
    assert (folder / "backup-password").read_bytes() == before["backup-password"]
    assert "every key is there" in run("keys", "make", "--config", str(config)).stdout


def test_encrypted_keys_need_a_folder_of_their_own(config: Path) -> None:
    result = run("keys", "make", "--encrypted", "--config", str(config))
    assert result.exit_code == 3
    assert "--into" in result.stderr


def test_encrypted_keys_open_on_this_machine_alone(config: Path, tmp_path: Path) -> None:
    sealed, settings = tmp_path / "sealed", load(config)
    result = run("keys", "make", "--encrypted", "--into", str(sealed), "--config", str(config))
    if result.exit_code == 6:
        pytest.skip(f"systemd-creds does not work here: {result.stderr}")
    assert result.exit_code == 0, result.output
    written = (sealed / "backup-password").read_bytes()
    password = keys.find(settings, "backup-password")
    assert password not in written
    assert len(password.decode().split("-")) == 6
    shown = ["systemd-creds", "decrypt", "--name=backup-password", f"{sealed}/backup-password", "-"]
    assert subprocess.run(shown, capture_output=True, check=True).stdout == password
    (sealed / "grant-key-family").write_bytes(written)  # another secret's place
    with pytest.raises(Unavailable, match="decrypt grant-key-family"):
        keys.find(settings, "grant-key-family")


def test_secret_that_is_nowhere_is_named(config: Path) -> None:
    with pytest.raises(BadConfiguration, match="backup-password"):
        keys.find(load(config), "backup-password")
