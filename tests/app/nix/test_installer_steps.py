"""What an installation would do, and what the box's screen shows at the first start."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from disk_listings import LSBLK, choices, device, disk, listing, part
from flake_files import ROOT
from hearth_install import configuration, steps, welcome
from hearth_install.choices import Choices
from hearth_install.disks import GB, read
from hearth_install.steps import PASSPHRASE, plan

TEMPLATE = ROOT / "hosts" / "template"
ANSWERS = """
disk = "/dev/nvme0n1"
erase = true
pods = ["family"]
"""


def commands(chosen: Choices, stick: Path | None = None) -> list[str]:
    steps = plan(chosen, TEMPLATE, TEMPLATE, stick)
    return [" ".join(step.action) for step in steps if isinstance(step.action, tuple)]


# Steps


def test_a_disk_is_cleared_then_laid_out_then_installed_without_a_network() -> None:
    run = commands(choices())
    assert run[0].startswith("nix build")  # before anything is lost
    assert run[1:6] == [
        "wipefs --all --force /dev/nvme0n1p2",
        "wipefs --all --force /dev/nvme0n1p1",
        "wipefs --all --force /dev/nvme0n1",
        "sgdisk --zap-all /dev/nvme0n1",
        "udevadm settle",
    ]
    assert run[-2].endswith("/bin/disko-format-mount")
    assert run[-1].startswith("nixos-install --no-root-passwd --no-channel-copy --root /mnt")
    assert all("--option substitute false" in line for line in run if "nix build" in line)


def test_volumes_end_before_the_partitions_that_they_lie_on() -> None:
    group = device("/dev/mapper/vg-home", 100 * GB, type="lvm", fstype="ext4")
    mirror = device("/dev/md0", 100 * GB, type="raid1", children=[group])
    parts = [part(f"/dev/sdc{number}", 100 * GB, children=[mirror]) for number in (1, 2)]
    [found] = read(listing(device("/dev/sdc", 400 * GB, children=parts)))
    assert [line for line in commands(choices(disk=found)) if "/dev/" in line][:7] == [
        "wipefs --all --force /dev/mapper/vg-home",
        "dmsetup remove /dev/mapper/vg-home",
        "wipefs --all --force /dev/md0",
        "mdadm --stop /dev/md0",
        "wipefs --all --force /dev/sdc2",
        "wipefs --all --force /dev/sdc1",
        "wipefs --all --force /dev/sdc",
    ]


def test_kept_data_is_never_touched() -> None:
    run = commands(choices(disk=disk("sdb"), keep_data=True, encryption="passphrase"))
    names = ("ESP", "swap", "root", "nix")
    tried = f"cryptsetup open --test-passphrase --key-file={PASSPHRASE}"
    assert run[1:8] == [
        "blkid /dev/sdb",
        f"{tried} /dev/disk/by-partlabel/disk-main-data",
        *(f"wipefs --all --force /dev/disk/by-partlabel/disk-main-{name}" for name in names),
        "udevadm settle",
    ]
    assert not any("zap" in line for line in run)


def test_a_tpm_opens_the_disk() -> None:
    run = commands(choices(encryption="tpm2"))
    assert [line.split()[-1] for line in run[-3:]] == [
        f"/dev/disk/by-partlabel/disk-main-{name}" for name in ("root", "nix", "data")
    ]
    assert all(line.startswith("systemd-cryptenroll --tpm2-device=auto") for line in run[-3:])


@pytest.mark.parametrize("encryption", ["passphrase", "tpm2"])
def test_the_passphrase_is_in_no_command_and_is_forgotten(encryption: str) -> None:
    chosen = choices(encryption=encryption)
    assert not any(chosen.passphrase in line for line in commands(chosen))
    titles = [step.title for step in plan(chosen, TEMPLATE, TEMPLATE, None)]
    assert titles.index("keep the passphrase in memory") < titles.index("wait for the kernel")
    assert titles[-1] == "forget the passphrase"
    assert str(PASSPHRASE) in (ROOT / "modules" / "platform" / "storage.nix").read_text()


def test_the_key_on_the_stick_goes_to_the_box(tmp_path: Path) -> None:
    titles = [step.title for step in plan(choices(), TEMPLATE, TEMPLATE, tmp_path)]
    assert "copy the key of the secrets" not in titles
    (tmp_path / "age.key").write_text("a key")
    titles = [step.title for step in plan(choices(), TEMPLATE, TEMPLATE, tmp_path)]
    assert "copy the key of the secrets" in titles


def test_the_owners_password_goes_to_the_box_as_a_hash(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(steps, "ROOT", tmp_path)
    typed = "correct horse"
    [step] = [
        step
        for step in plan(choices(admin_password=typed), TEMPLATE, TEMPLATE, None)
        if "box's screen" in step.title
    ]
    step.run()
    file = tmp_path / "var/lib/hearth/admin-password"
    assert file.stat().st_mode & 0o777 == 0o600
    _, kind, salt, _ = file.read_text().split("$")
    again = ["openssl", "passwd", f"-{kind}", "-salt", salt, "-stdin"]
    done = subprocess.run(again, input=typed, capture_output=True, text=True, check=True)
    assert done.stdout == file.read_text()
    assert kind == "6"
    assert configuration.box(choices())["services"]["hearth"].get("admin") is None  # type: ignore[index]
    assert typed not in json.dumps(configuration.box(choices(admin_password=typed)))


def test_the_configuration_is_the_template_with_the_choices(tmp_path: Path) -> None:
    source = tmp_path / "source"
    (source / "modules").mkdir(parents=True)
    (source / "flake.nix").write_text("{ }")
    (source / "flake.nix").chmod(0o444)
    into = tmp_path / "nixos"
    into.mkdir()
    (into / "left-over").touch()
    configuration.write(choices(encryption="tpm2"), TEMPLATE, source, into)
    assert not (into / "left-over").exists()
    assert os.access(into / "hearth" / "flake.nix", os.W_OK)
    box = json.loads((into / "box.json").read_text())
    assert box["services"]["hearth"]["engines"] == {"default": {"fromStore": True}}
    assert box["networking"]["hostName"] == "hearth"
    assert box["services"]["hearth"]["storage"] == {
        "disk": "/dev/nvme0n1",
        "encryption": "tpm2",
        "rootSize": "40G",
        "nixSize": "160G",
        "swapSize": "32G",
    }
    assert json.loads((into / "pods.json").read_text())["finance"] == {"kind": "finance"}


def test_a_dry_run_prints_every_step_and_does_none(tmp_path: Path) -> None:
    (tmp_path / "lsblk.json").write_text(LSBLK)
    (tmp_path / "install.toml").write_text(ANSWERS)
    done = subprocess.run(
        [
            *(sys.executable, "-m", "hearth_install", "--dry-run"),
            *("--unattended", tmp_path / "install.toml", "--disks", tmp_path / "lsblk.json"),
        ],
        env={"PYTHONPATH": str(ROOT / "pkgs" / "installer"), "PATH": ""},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr + done.stdout
    assert "[1/" in done.stdout
    assert "sgdisk --zap-all /dev/nvme0n1" in done.stdout
    assert "is installed" not in done.stdout


def test_a_refusal_ends_with_one(tmp_path: Path) -> None:
    (tmp_path / "lsblk.json").write_text(LSBLK)
    done = subprocess.run(
        [
            *(sys.executable, "-m", "hearth_install", "--dry-run"),
            *("--unattended", tmp_path / "none.toml", "--disks", tmp_path / "lsblk.json"),
        ],
        env={"PYTHONPATH": str(ROOT / "pkgs" / "installer")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert "none.toml cannot be read" in done.stdout


# The first start


def counted(route: str, status: int, count: str = "1.0", method: str = "POST") -> str:
    labels = f'method="{method}",route="{route}",status="{status}"'
    return f"# TYPE x counter\nhearth_hub_requests_total{{{labels}}} {count}\n"


@pytest.mark.parametrize(
    ("metrics", "expected"),
    [
        (counted("/sign-in/{secret}", 303), True),
        (counted("/sign-in", 303), True),
        (counted("/api/v1/sign-in/link", 200), True),
        (counted("/sign-in/{secret}", 303, "0.0"), False),
        (counted("/sign-in", 401), False),
        (counted("/sign-in", 200, method="GET"), False),
        (counted("/sign-out", 303), False),
        ("", False),
    ],
)
def test_the_first_sign_in_is_seen_in_the_hubs_metrics(metrics: str, expected: bool) -> None:
    assert welcome.signed_in(metrics) is expected


def test_the_screen_shows_link_address_and_code() -> None:
    shown = welcome.issue("Anna", "https://hearth.local/sign-in/x", ["192.0.2.7"], "\\▀▄\n")
    assert "Sign in as Anna" in shown
    assert "https://hearth.local/sign-in/x" in shown
    assert "192.0.2.7" in shown
    assert "\\\\▀▄" in shown  # agetty takes one backslash for its own
