"""What an installation does, as a list of commands that can be read before it begins."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from hearth_install import configuration
from hearth_install.choices import Choices
from hearth_install.errors import CannotInstall

STAGING = Path("/tmp/hearth-install/nixos")  # noqa: S108 - the stick's own memory, one user
LAYOUT = STAGING.with_name("layout")
ROOT = Path("/mnt")
PASSPHRASE = Path("/run/hearth-install/passphrase")  # where modules/platform/storage.nix says
SYSTEM_PARTITIONS = ("ESP", "swap", "root", "nix")
ENCRYPTED_PARTITIONS = ("root", "nix", "data")
INSTALL = ("nixos-install", "--no-root-passwd", "--no-channel-copy")
# The firmware's own state decides (PCR 7): another boot loader entry does not need a new enrolment.
ENROLL = (
    "systemd-cryptenroll",
    "--tpm2-device=auto",
    "--tpm2-pcrs=7",
    "--wipe-slot=tpm2",  # of an earlier installation, where the data stayed
    f"--unlock-key-file={PASSPHRASE}",
)
# The partitions below are busy until these have ended.
STOP = {
    "crypt": ("dmsetup", "remove"),
    "lvm": ("dmsetup", "remove"),
    "raid": ("mdadm", "--stop"),
}
TRY = ("cryptsetup", "open", "--test-passphrase", f"--key-file={PASSPHRASE}")
HASH = ("openssl", "passwd", "-6", "-stdin")
OFFLINE = ("--option", "substitute", "false")


@dataclass(frozen=True)
class Step:
    """A command, or a function where no command does it."""

    title: str
    action: tuple[str, ...] | Callable[[], None]

    def run(self) -> None:
        """Do it; the command's own words go to the screen."""
        if not isinstance(self.action, tuple):
            self.action()
            return
        try:
            subprocess.run(self.action, check=True)
        except (OSError, subprocess.CalledProcessError) as error:
            raise CannotInstall(f"{self.title}: {error}") from error


def plan(choices: Choices, template: Path, source: Path, stick: Path | None) -> Iterator[Step]:
    """Every step, in order; nothing happens before they are run."""
    yield Step(
        f"write the box's configuration to {STAGING}",
        lambda: configuration.write(choices, template, source, STAGING),
    )
    if choices.encryption != "none":
        yield Step("keep the passphrase in memory", lambda: _keep(choices.passphrase))
    build = f"nixosConfigurations.{configuration.NAME}.config.system.build.formatMount"
    yield Step(
        "prepare the disk's layout",
        ("nix", "build", "--out-link", str(LAYOUT), f"{STAGING}#{build}", *OFFLINE),
    )
    yield from _clear(choices)
    yield Step("make partitions and file systems", (f"{LAYOUT}/bin/disko-format-mount",))
    yield Step("copy the configuration to the box", _copy)
    if stick is not None and (stick / "age.key").is_file():
        yield Step("copy the key of the secrets", lambda: _copy_key(stick / "age.key"))
    if choices.admin_password:
        yield Step(
            "write the password for the box's screen", lambda: _admit(choices.admin_password)
        )
    box = f"{ROOT}/etc/nixos#{configuration.NAME}"
    yield Step("install", (*INSTALL, "--root", str(ROOT), "--flake", box, *OFFLINE))
    if choices.encryption == "tpm2":
        for name in ENCRYPTED_PARTITIONS:
            yield Step(f"let this machine's TPM open {name}", (*ENROLL, _partition(name)))
    if choices.encryption != "none":
        yield Step("forget the passphrase", PASSPHRASE.unlink)


def _clear(choices: Choices) -> Iterator[Step]:
    # disko makes what is missing and leaves what is there, so what goes is cleared first.
    if choices.keep_data:
        # Without a table that it can read, disko makes a new one.
        yield Step("read the partition table", ("blkid", choices.disk.path))
        if choices.encryption != "none":
            yield Step("try the passphrase on the data", (*TRY, _partition("data")))
        for name in SYSTEM_PARTITIONS:
            yield Step(f"clear {name}; the data stays", _wipe(_partition(name)))
    else:
        # A volume can be listed under each of its partitions.
        for path, kind in {part.path: part.kind for part in reversed(choices.disk.parts)}.items():
            if path != choices.disk.path:
                yield Step(f"clear {path}", _wipe(path))
            if stop := STOP.get(kind.rstrip("0123456789")):
                yield Step(f"stop {path}", (*stop, path))
        yield Step(f"clear {choices.disk.name}", _wipe(choices.disk.path))
        yield Step("clear the partition table", ("sgdisk", "--zap-all", choices.disk.path))
    yield Step("wait for the kernel", ("udevadm", "settle"))


def _wipe(path: str) -> tuple[str, ...]:
    return ("wipefs", "--all", "--force", path)


def _partition(name: str) -> str:
    return f"/dev/disk/by-partlabel/disk-main-{name}"


def _keep(passphrase: str) -> None:
    PASSPHRASE.parent.mkdir(mode=0o700, exist_ok=True)
    PASSPHRASE.touch(mode=0o600)
    PASSPHRASE.write_text(passphrase)  # no line end: it would be part of the passphrase


def _copy() -> None:
    target = ROOT / "etc" / "nixos"
    shutil.copytree(STAGING, target, symlinks=True, dirs_exist_ok=True)


def _copy_key(key: Path) -> None:
    _write_secret("age.key", key.read_bytes())


def _admit(password: str) -> None:
    _write_secret("admin-password", hashed(password))


def hashed(password: str) -> bytes:
    """A line as /etc/shadow holds it (SHA-512 crypt, with a salt)."""
    try:
        done = subprocess.run(HASH, input=password.encode(), capture_output=True, check=True)
    except (OSError, subprocess.CalledProcessError) as error:
        raise CannotInstall("the password cannot be hashed") from error
    return done.stdout


def _write_secret(name: str, content: bytes) -> None:
    folder = ROOT / "var" / "lib" / "hearth"
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    target = folder / name
    target.touch(mode=0o600)
    target.write_bytes(content)
