"""The disks of this machine, and what lies on them, as lsblk sees it."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import Any

from hearth_install.errors import CannotInstall

COLUMNS = "NAME,PATH,TYPE,SIZE,MODEL,SERIAL,TRAN,RO,FSTYPE,LABEL,PARTLABEL,MOUNTPOINTS"
LSBLK = ("lsblk", "--json", "--bytes", "--output", COLUMNS)
GB = 10**9
PARTITIONS = "disk-main-"  # disko names them by disk, then partition
DATA_PARTITION = f"{PARTITIONS}data"


@dataclass(frozen=True)
class Part:
    """A partition, or a volume inside of one."""

    path: str
    kind: str  # lsblk's: part, crypt, lvm, raid1
    size: int  # bytes
    filesystem: str | None
    label: str | None
    partition_label: str | None
    mounted: bool


@dataclass(frozen=True)
class Disk:
    """A whole disk."""

    name: str  # the kernel's, such as nvme0n1
    path: str
    size: int  # bytes
    model: str
    serial: str
    transport: str
    parts: tuple[Part, ...]
    in_the_way: str = ""  # why nothing can be installed here, for what lies on other disks

    @property
    def in_use(self) -> bool:
        """Whether something of it is mounted: the stick that this runs from, for one."""
        return any(part.mounted for part in self.parts)

    @property
    def data(self) -> Part | None:
        """What an earlier installation left here as its data."""
        named = (part for part in self.parts if part.partition_label == DATA_PARTITION)
        return next(named, None)

    @property
    def is_box(self) -> bool:
        """Whether an earlier installation left partitions here."""
        return any((part.partition_label or "").startswith(PARTITIONS) for part in self.parts)


def read(text: str) -> list[Disk]:
    """The disks that could be installed to, from lsblk's JSON; read-only ones left out."""
    try:
        entries = [one for one in json.loads(text)["blockdevices"] if one["type"] == "disk"]
        disks = [_disk(entry) for entry in entries]
        return [
            replace(disk, in_the_way=_in_the_way(disk, disks))
            for disk, entry in zip(disks, entries, strict=True)
            if not entry["ro"]
        ]
    except (ValueError, KeyError, TypeError) as error:
        raise CannotInstall(f"lsblk's answer cannot be read ({error!r})") from error


def choose(disks: list[Disk], wanted: str) -> Disk:
    """The disk with this name or path."""
    for disk in disks:
        if wanted in (disk.name, disk.path):
            return disk
    known = ", ".join(disk.name for disk in disks) or "none"
    raise CannotInstall(f"there is no disk {wanted!r}; found: {known}")


def describe(disk: Disk) -> list[str]:
    """What will be erased, a line for each thing."""
    about = " ".join(filter(None, (disk.model, disk.transport.upper(), disk.serial)))
    lines = [f"{disk.name}  {size(disk.size)}  {about}".rstrip()]
    for part in disk.parts:
        what = part.filesystem or "no file system found"
        names = " ".join(name for name in (part.partition_label, part.label) if name)
        used = "  in use" if part.mounted else ""
        lines.append(f"  {part.path}  {size(part.size)}  {what}  {names}".rstrip() + used)
    if not disk.parts:
        lines.append("  empty: no partitions")
    return lines


def size(count: int) -> str:
    """Bytes as makers of disks count them."""
    return f"{count / 1000 / GB:.1f} TB" if count >= 1000 * GB else f"{count / GB:.1f} GB"


def _disk(entry: dict[str, Any]) -> Disk:
    parts: list[Part] = []
    if entry.get("fstype") or any(entry.get("mountpoints") or ()):
        parts.append(_part(entry))  # a disk without partitions can hold a file system
    waiting = list(entry.get("children") or ())
    while waiting:
        child = waiting.pop(0)
        parts.append(_part(child))
        waiting[:0] = child.get("children") or ()
    return Disk(
        name=entry["name"],
        path=entry["path"],
        size=int(entry["size"]),
        model=(entry.get("model") or "").strip(),
        serial=(entry.get("serial") or "").strip(),
        transport=entry.get("tran") or "",
        parts=tuple(parts),
    )


def _in_the_way(disk: Disk, disks: list[Disk]) -> str:
    """A partition is found by its name, and a volume is erased wherever it lies."""
    for other in disks:
        if other.path == disk.path:
            continue
        if other.is_box:
            return (
                f"{other.name} holds a box too, whose partitions have the same names as those of "
                "the new one: take that disk out first"
            )
        if shared := {part.path for part in disk.parts} & {part.path for part in other.parts}:
            return f"{min(shared)} lies on {disk.name} and on {other.name}: take it apart first"
    return ""


def _part(entry: dict[str, Any]) -> Part:
    return Part(
        path=entry["path"],
        kind=entry["type"],
        size=int(entry["size"]),
        filesystem=entry.get("fstype"),
        label=entry.get("label"),
        partition_label=entry.get("partlabel"),
        mounted=any(entry.get("mountpoints") or ()),
    )
