"""The way to a repository on another machine: addresses, keys on paper, what ssh complains of.

A real server of SSH is asked in `tests/nixos/elsewhere.py`.
"""

from __future__ import annotations

import shutil
import socket
import subprocess
from pathlib import Path

import pytest
from backup_house import BackedUpHouse
from command_line import CommandLine

from hearth.config import load
from hearth.core.errors import BadConfiguration, BadInput, HearthError, NotAllowed, Unavailable
from hearth.ops.backup import complaints, sftp
from hearth.ops.backup import kit as kits
from hearth.ops.backup.sftp import Login, Server

PLACE = "sftp:hearth@nas.home.arpa:/backups/hearth"
LINE = (
    "nas.home.arpa ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIHJt4xNbzkU9fAJYzVPjYNHBEfSMDFRcPZ0jq0gT5v4W"
)
openssh = pytest.mark.skipif(shutil.which("ssh-keyscan") is None, reason="no OpenSSH here")


def house(folder: Path, more: str = 'login = "backup-login"\n') -> CommandLine:
    """A configuration whose backups go to another machine, with its keys."""
    config = folder / "hearth.toml"
    config.write_text(f'[pods.family]\n[backup]\nrepository = "{PLACE}"\n{more}')
    command = CommandLine(config)
    assert command("keys", "make").exit_code == 0
    return command


@pytest.mark.parametrize(
    ("repository", "expected"),
    [
        (PLACE, Server("nas.home.arpa", 22, "hearth")),
        ("sftp:nas:hearth", Server("nas")),
        ("sftp://hearth@nas:2222//backups", Server("nas", 2222, "hearth")),
        ("sftp://nas/backups", Server("nas")),
        ("sftp://a@b.example@[fd00::7]:22//backups", Server("fd00::7", 22, "a@b.example")),
    ],
)
def test_machine_of_a_repository(repository: str, expected: Server) -> None:
    assert sftp.server(repository) == expected


@pytest.mark.parametrize(
    "repository", [None, "/mnt/backup", "rest:http://nas/", "sftp:nas", "sftp:-oProxyCommand=x:/a"]
)
def test_what_is_no_place_by_sftp_is_refused(repository: str | None) -> None:
    with pytest.raises(BadConfiguration, match="no place that is reached by SFTP"):
        sftp.server(repository)


def test_key_comes_back_from_paper_and_no_slip_of_the_pen_does() -> None:
    key = sftp.new_key().decode()
    assert len(key.split("-")) == 14
    assert sftp.typed(key.upper().replace("-", " ")) == key
    for at, letter in enumerate(key):
        slip = "a" if letter != "a" else "b"
        with pytest.raises(BadInput, match="not as it was printed"):
            sftp.typed(f"{key[:at]}{slip}{key[at + 1 :]}")
    with pytest.raises(BadInput, match="not as it was printed"):
        sftp.typed(key[:-1])


@pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl is not installed")
def test_key_is_a_file_that_others_read(tmp_path: Path) -> None:
    # RFC 8032, section 7.1, test 1.
    seed = bytes.fromhex("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60")
    public = "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a"
    file = tmp_path / "key"
    file.write_text(sftp.pem(sftp.spelled(seed)))
    told = subprocess.run(
        ["openssl", "pkey", "-in", file, "-pubout", "-outform", "DER"],
        capture_output=True,
        check=True,
    )
    assert told.stdout[-32:].hex() == public


@openssh
def test_fingerprint_is_what_ssh_shows(tmp_path: Path) -> None:
    file = tmp_path / "key"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", file], check=True)
    line = f"nas {file.with_suffix('.pub').read_text()}"
    told = subprocess.run(
        ["ssh-keygen", "-lf", file], capture_output=True, text=True, check=True
    ).stdout
    assert sftp.fingerprint(line) == told.split()[1]


@openssh
def test_machine_that_is_no_server_is_named() -> None:
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))  # taken, and never listened on
        port = nobody.getsockname()[1]
        with pytest.raises(Unavailable, match=f"on port {port}"):
            sftp.offered(Server("127.0.0.1", port))


def test_another_key_than_the_expected_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sftp, "offered", lambda _there: [LINE])
    there = sftp.server(PLACE)
    assert sftp.shown(there, sftp.fingerprint(LINE)) == LINE
    with pytest.raises(NotAllowed, match=r"does not show the key SHA256:other") as caught:
        sftp.shown(there, "SHA256:other")
    assert sftp.fingerprint(LINE) in str(caught.value)


def test_run_has_its_files_in_memory_and_leaves_none(tmp_path: Path) -> None:
    login = Login(sftp.server(PLACE), sftp.new_key().decode(), LINE)
    with sftp.option(login, None) as ((_, command), said):
        words = command.removeprefix("sftp.command=").split()
        key = Path(words[words.index("-i") + 1])
        assert key.is_relative_to("/dev/shm")  # noqa: S108 - of memory
        assert key.read_text() == sftp.pem(login.key)
        assert key.stat().st_mode & 0o777 == 0o600
        assert key.parent.stat().st_mode & 0o777 == 0o700
        assert (key.parent / "known_hosts").read_text() == f"{LINE}\n"
        assert words[-6:] == ["hearth", "-p", "22", "nas.home.arpa", "-s", "sftp"]
        (key.parent / "said").write_text("Host key verification failed.\n")
    assert said == ["Host key verification failed.\n"]
    assert not key.parent.exists()


def test_nothing_goes_there_before_its_key_is_known(tmp_path: Path) -> None:
    command = house(tmp_path)
    settings = load(command.config)
    told = command("backup", "list")
    assert told.exit_code == 2
    assert "`hearth backup trust` shows its key" in told.stderr
    sftp.keep(settings, LINE)
    login = sftp.login(settings)
    assert login is not None
    assert (login.server.host, login.known) == ("nas.home.arpa", LINE)
    sftp.keep(settings, LINE.replace("nas.", "other."))
    with pytest.raises(BadConfiguration, match="nobody has said yet"):
        sftp.login(settings)


def test_without_a_key_of_its_own_ssh_decides(tmp_path: Path) -> None:
    command = house(tmp_path, "")
    assert sftp.login(load(command.config)) is None
    assert not (load(command.config).keys_dir / "backup-login").exists()
    told = command("backup", "key")
    assert told.exit_code == 2
    assert "own ssh settings" in told.stderr


def test_house_with_a_folder_has_no_such_key(fresh_house: BackedUpHouse) -> None:
    for verb in ("key", "trust"):
        told = fresh_house.hearth("backup", verb)
        assert told.exit_code == 2
        assert "no place that is reached by SFTP" in told.stderr


def test_kit_carries_the_key_and_by_what_the_machine_is_known() -> None:
    key = sftp.new_key().decode()
    kit = kits.Kit("hearth", PLACE, "secret", {}, login=key, server="SHA256:abc")
    assert kit.lines()[-2:] == [f"Login key: {key}", "Server key: SHA256:abc"]
    assert kits.read("\n".join([*kit.lines(), "SSH key of the box: SHA256:other"])) == kit
    with pytest.raises(BadInput, match="does not say: server key"):
        kits.read("\n".join(kit.lines()[:-1]))


@pytest.mark.parametrize(
    ("said", "kind", "words", "remedy"),
    [
        ("Host key verification failed.", NotAllowed, "does not show the key", "backup trust"),
        ("hearth@nas: Permission denied (publickey).", NotAllowed, "lets nobody in", "backup key"),
        (
            "ssh: connect to host nas port 22: Connection timed out",
            Unavailable,
            "does not answer: ssh: connect to host nas port 22",
            "switched on",
        ),
        (
            "ssh: Could not resolve hostname nas: Name or service not known",
            Unavailable,
            "does not answer: ssh: Could not resolve hostname",
            "its name right",
        ),
    ],
)
def test_complaints_of_ssh_in_our_words(
    said: str, kind: type[HearthError], words: str, remedy: str
) -> None:
    end = "Fatal: unable to open repository: unable to start the sftp session, error: EOF"
    error = complaints.fault("unlock", f"{said}\n{end}\n", PLACE)
    assert isinstance(error, kind)
    assert words in error.message
    assert remedy in str(error.remedy)
