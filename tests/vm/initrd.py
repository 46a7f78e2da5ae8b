"""A small initrd: Debian's static busybox, the one driver that the root's disk needs, a script."""

from __future__ import annotations

import lzma
from pathlib import Path

from parts import Parts

_DRIVER = "kernel/drivers/block/virtio_blk.ko.xz"
_INIT = Path(__file__).with_name("guest") / "init.sh"
_DIRECTORY, _PROGRAM, _FILE = 0o040755, 0o100755, 0o100644


def archive(entries: dict[str, tuple[int, bytes]]) -> bytes:
    """Pack entries (path: mode, content) as the kernel unpacks them: cpio's "newc" format.

    Format: initramfs buffer format, Documentation/driver-api/early-userspace in the kernel.
    """
    packed = b"".join(
        _entry(number, path, mode, content)
        for number, (path, (mode, content)) in enumerate(entries.items(), start=1)
    )
    return packed + _entry(0, "TRAILER!!!", 0, b"")


def _entry(number: int, path: str, mode: int, content: bytes) -> bytes:
    name = path.encode() + b"\0"
    fields = [number, mode, 0, 0, 1, 0, len(content), 0, 0, 0, 0, len(name), 0]
    header = b"070701" + b"".join(b"%08X" % field for field in fields)
    return _padded(header + name) + _padded(content)


def _padded(data: bytes) -> bytes:
    return data + b"\0" * (-len(data) % 4)


def make(parts: Parts, place: Path) -> Path:
    """Write the initrd of a kernel."""
    driver = lzma.decompress((parts.modules / _DRIVER).read_bytes())
    entries = {
        "bin": (_DIRECTORY, b""),
        "bin/busybox": (_PROGRAM, parts.busybox.read_bytes()),
        "init": (_PROGRAM, _INIT.read_bytes()),
        "virtio_blk.ko": (_FILE, driver),
    }
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_bytes(archive(entries))
    return place
