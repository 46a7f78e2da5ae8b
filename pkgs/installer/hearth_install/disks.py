"""The disks of this machine, and what lies on them, as lsblk sees it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from hearth_install.errors import CannotInstall

COLUMNS = "NAME,PATH,TYPE,SIZE,MODEL,SERIAL,TRAN,RO,FSTYPE,LABEL,PARTLABEL,MOUNTPOINTS"
LSBLK = ("lsblk", "--json", "--bytes", "--output", COLUMNS)
GB = 10**9
DATA_PARTITION = "disk-main-data"  # disko's name for it: disk, then partition


@dataclass(frozen=True)
class Part:
    """A partition, or a volume inside of one."""

    path: str
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

    @property
    def in_use(self) -> bool:
        """Whether something of it is mounted: the stick that this runs from, for one."""
        return any(part.mounted for part in self.parts)

    @property
    def has_data(self) -> bool:
        """Whether an earlier installation left its data here."""
        return any(part.partition_label == DATA_PARTITION for part in self.parts)


def read(text: str) -> list[Disk]:
    """The disks that could be installed to, from lsblk's JSON; read-only ones left out."""
    try:
        devices = json.loads(text)["blockdevices"]
        return [_disk(entry) for entry in devices if entry["type"] == "disk" and not entry["ro"]]
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


def _part(entry: dict[str, Any]) -> Part:
    return Part(
        path=entry["path"],
        size=int(entry["size"]),
        filesystem=entry.get("fstype"),
        label=entry.get("label"),
        partition_label=entry.get("partlabel"),
        mounted=any(entry.get("mountpoints") or ()),
    )
