"""Whether data and backups lie on one disk: by the kernel's own tree, as it looks on a box."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from hearth.ops.backup import disks


class Tree:
    """/sys, with the devices that a test names, as the kernel lays them out."""

    def __init__(self, folder: Path) -> None:
        self._devices = folder / "devices"
        self._block = folder / "dev" / "block"
        self._block.mkdir(parents=True)

    def disk(self, name: str, number: int) -> int:
        """A whole disk."""
        return self._device(self._devices / name, number)

    def partition(self, disk: str, name: str, number: int) -> int:
        """A partition of a disk."""
        device = self._device(self._devices / disk / name, number)
        (self._devices / disk / name / "partition").write_text("1\n")
        return device

    def mapped(self, name: str, number: int, *carriers: str) -> int:
        """What LUKS, LVM or RAID makes of others, each named by its place among the devices."""
        device = self._device(self._devices / "virtual" / name, number)
        for carrier in carriers:
            place = self._devices / carrier
            (self._devices / "virtual" / name / "slaves" / place.name).symlink_to(place)
        return device

    def _device(self, place: Path, number: int) -> int:
        (place / "slaves").mkdir(parents=True)
        (self._block / f"8:{number}").symlink_to(place)
        return os.makedev(8, number)


@pytest.fixture
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Tree:
    """Two disks in a box, of which the first has two partitions."""
    made = Tree(tmp_path)
    monkeypatch.setattr(disks, "_BLOCK", tmp_path / "dev" / "block")
    made.disk("nvme0n1", 0)
    made.partition("nvme0n1", "nvme0n1p1", 1)
    made.partition("nvme0n1", "nvme0n1p2", 2)
    made.disk("sda", 16)
    made.partition("sda", "sda1", 17)
    return made


ROOT, DATA, USB = (os.makedev(8, number) for number in (1, 2, 17))


def test_partitions_of_one_disk_share_it(tree: Tree) -> None:
    assert disks.share(ROOT, DATA)
    assert disks.share(DATA, DATA)


def test_another_disk_is_another_disk(tree: Tree) -> None:
    assert not disks.share(DATA, USB)
    assert not disks.share(os.makedev(8, 0), USB)


def test_encrypted_data_lies_on_the_disk_below(tree: Tree) -> None:
    luks = tree.mapped("dm-0", 40, "nvme0n1/nvme0n1p2")
    volume = tree.mapped("dm-1", 41, "virtual/dm-0")
    assert disks.share(volume, ROOT)
    assert disks.share(volume, luks)
    assert not disks.share(volume, USB)


def test_array_shares_every_disk_that_it_is_made_of(tree: Tree) -> None:
    array = tree.mapped("md0", 50, "nvme0n1/nvme0n1p2", "sda/sda1")
    assert disks.share(array, ROOT)
    assert disks.share(array, USB)


def test_device_that_the_kernel_does_not_list_is_on_no_disk(tree: Tree) -> None:
    memory, network = os.makedev(0, 30), os.makedev(0, 31)
    assert not disks.share(memory, network)
    assert not disks.share(memory, DATA)


def test_real_folders_are_judged_by_their_file_system(tmp_path: Path) -> None:
    assert disks.same_disk(tmp_path, tmp_path / "not" / "there")
    assert not disks.same_disk(tmp_path, Path("/proc"))
