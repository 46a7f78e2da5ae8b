"""The settings of backups, updates and engines: where paths lie, and what is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from hearth.config import DRILL, load
from hearth.core.errors import BadConfiguration
from hearth.ops.supervisor import units


def written(folder: Path, text: str) -> Path:
    """A configuration with this text."""
    path = folder / "hearth.toml"
    path.write_text(text)
    return path


def test_folders_are_taken_from_the_files_own(tmp_path: Path) -> None:
    text = 'state_dir = "s"\n[backup]\nrepository = "usb"\nmetrics_dir = "m"\n'
    settings = load(written(tmp_path, text + '[update]\nallowed_signers = "signers"\n'))
    assert settings.backup.repository == str(tmp_path / "usb")
    assert settings.backup.metrics_dir == tmp_path / "m"
    assert settings.staging == tmp_path / "s" / "snapshots"
    assert settings.update.allowed_signers == tmp_path / "signers"


def test_address_of_a_repository_stays_as_it_is(tmp_path: Path) -> None:
    text = '[backup]\nrepository = "sftp:anna@nas.home.example:/hearth"\n'
    repository = load(written(tmp_path, text)).backup.repository
    assert repository == "sftp:anna@nas.home.example:/hearth"


def test_drill_has_its_own_socket_where_there_are_backups(tmp_path: Path) -> None:
    without = written(tmp_path, "[pods.family]\n")
    (engine, *_) = units(load(without), without)
    assert set(engine.sockets) == {"family", "ops"}
    backed_up = written(tmp_path, '[pods.family]\n[backup]\nrepository = "usb"\n')
    (engine, *_) = units(load(backed_up), backed_up)
    assert set(engine.sockets) == {"family", "ops", DRILL}


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("[pods.drill]\n", "pods.drill"),
        ("[pods.ops]\n", "pods.ops"),
        ("[engines.default]\ntensor_split = [1, 0]\n", "engines.default.tensor_split"),
        ("[engines.default]\ngpu_layers = -1\n", "engines.default.gpu_layers"),
        ("[backup]\nkeep_daily = 0\n", "backup.keep_daily"),
        ('[backup]\npassword = "../shadow"\n', "backup.password"),
        ('[update]\nswitch = [""]\n', "update.switch"),
    ],
)
def test_wrong_value_is_named(tmp_path: Path, text: str, named: str) -> None:
    with pytest.raises(BadConfiguration, match=named.replace(".", r"\.")):
        load(written(tmp_path, text))


def test_a_fallback_has_a_socket_for_the_pods_of_the_engine(tmp_path: Path) -> None:
    text = '[engines.large]\nfallback = "default"\n[engines.default]\n[pods.family]\n'
    path = written(tmp_path, text + '[pods.study]\nengine = "large"\n')
    sockets = {unit.name: set(unit.sockets) for unit in units(load(path), path)}
    assert sockets["inference"] == {"family", "study", "ops"}
    assert sockets["inference-large"] == {"study", "ops"}


@pytest.mark.parametrize(
    ("fallback", "known"), [("spare", "known: large"), ("default", "known: large")]
)
def test_a_fallback_is_another_engine(tmp_path: Path, fallback: str, known: str) -> None:
    text = f'[engines.default]\nfallback = "{fallback}"\n[engines.large]\n'
    with pytest.raises(BadConfiguration, match=f"no other engine '{fallback}'; {known}"):
        load(written(tmp_path, text))
