"""Which disk a folder lies on."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

_BLOCK = Path("/sys/dev/block")


def same_disk(one: Path, other: Path) -> bool:
    """Whether two folders share a file system, or a disk below it: one failure takes both."""
    return share(_existing(one).stat().st_dev, _existing(other).stat().st_dev)


def share(first: int, second: int) -> bool:
    """The same of two file systems' devices."""
    return first == second or bool(_disks(first) & _disks(second))


def _existing(path: Path) -> Path:
    return next(folder for folder in (path, *path.parents) if folder.exists())


def _disks(device: int) -> frozenset[Path]:
    """The whole disks that carry a device; none where the kernel does not say (tmpfs, network)."""
    place = _BLOCK / f"{os.major(device)}:{os.minor(device)}"
    return frozenset(_whole(place.resolve())) if place.exists() else frozenset()


def _whole(device: Path) -> Iterator[Path]:
    carriers = device / "slaves"  # of LUKS, LVM and RAID
    if (device / "partition").exists():
        yield from _whole(device.parent)
    elif carriers.is_dir() and any(carriers.iterdir()):
        for carrier in carriers.iterdir():
            yield from _whole(carrier.resolve())
    else:
        yield device
