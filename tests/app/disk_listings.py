"""Disks as lsblk lists them, for the installer's tests."""

from __future__ import annotations

import json
from typing import Any

from hearth_install.choices import Choices
from hearth_install.disks import GB, Disk, choose, read


def device(path: str, size: int, **more: Any) -> dict[str, Any]:
    """One entry of lsblk --json, with what a plain disk says."""
    return {
        "name": path.removeprefix("/dev/"),
        "path": path,
        "type": "disk",
        "size": size,
        "model": None,
        "serial": None,
        "tran": None,
        "ro": False,
        "fstype": None,
        "label": None,
        "partlabel": None,
        "mountpoints": [None],
        **more,
    }


def part(path: str, size: int, **more: Any) -> dict[str, Any]:
    return device(path, size, type="part", **more)


WINDOWS = device(
    "/dev/nvme0n1",
    2000 * GB,
    model="Samsung SSD 990 PRO ",
    serial="S7KHNJ0W",
    tran="nvme",
    children=[
        part("/dev/nvme0n1p1", GB, fstype="vfat", label="SYSTEM"),
        part("/dev/nvme0n1p2", 1900 * GB, fstype="ntfs", label="Photos"),
    ],
)
STICK = device(
    "/dev/sda",
    32 * GB,
    tran="usb",
    model="Flash",
    children=[part("/dev/sda1", 8 * GB, fstype="iso9660", mountpoints=["/iso"])],
)
OLD_BOX = device(
    "/dev/sdb",
    500 * GB,
    children=[
        part("/dev/sdb1", GB, fstype="vfat", partlabel="disk-main-ESP"),
        part(
            "/dev/sdb5",
            300 * GB,
            partlabel="disk-main-data",
            fstype="crypto_LUKS",
            children=[
                device("/dev/mapper/hearth-data", 300 * GB, type="crypt", fstype="ext4", ro=False)
            ],
        ),
    ],
)
READ_ONLY = device("/dev/sr0", GB, ro=True)


def listing(*devices: dict[str, Any]) -> str:
    """What lsblk says of them."""
    return json.dumps({"blockdevices": devices})


LSBLK = listing(WINDOWS, STICK, READ_ONLY)
WITH_OLD_BOX = listing(STICK, OLD_BOX, READ_ONLY)


def disk(name: str) -> Disk:
    return choose(read(LSBLK) + read(WITH_OLD_BOX), name)


def choices(**more: Any) -> Choices:
    chosen: dict[str, Any] = {
        "disk": disk("nvme0n1"),
        "keep_data": False,
        "host_name": "hearth",
        "time_zone": "Europe/Berlin",
        "encryption": "none",
        "pods": ("family", "finance"),
        "owner_login": "anna",
        "owner_name": "Anna",
        "passphrase": "correct horse battery",
    }
    return Choices(**(chosen | more))
