"""A disk with an EFI system partition, which can be looked into while the machine is off."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import boot_entries
from boot_entries import Entry
from parts import Parts

LABEL = "HEARTH-ESP"
_MEBIBYTE = 1 << 20
_SIZE = 256 * _MEBIBYTE
_START = _MEBIBYTE  # where the partition begins
_SECTOR = 512
_EFI_SYSTEM_PARTITION = "C12A7328-F81F-11D2-BA4B-00A0C93EC93B"
_TAIL_SECTORS = 2_048  # of the second partition table, and what aligns it
# What nixpkgs writes with boot counting on: the first well entry of the sorted menu.
_LOADER = "timeout 1\ndefault nixos-generation-*\neditor 0\nconsole-mode keep\n"
_ENTRIES = "/loader/entries"
_FOLDERS = ("/EFI", "/EFI/BOOT", "/EFI/nixos", "/loader", _ENTRIES)
_ENVIRONMENT = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C.UTF-8"}


def _run(*command: str, given: str | None = None) -> str:
    done = subprocess.run(
        command, input=given, capture_output=True, text=True, env=_ENVIRONMENT, check=False
    )
    if done.returncode != 0:
        raise OSError(f"{' '.join(command)}: {done.stderr}")
    return done.stdout


class BootDisk:
    """The disk's image."""

    def __init__(self, image: Path) -> None:
        self.image = image

    def make(self, parts: Parts, initrd: Path) -> None:
        """Lay out an empty disk, with the loader, a kernel and its initrd."""
        self.image.unlink(missing_ok=True)
        self.image.touch()
        os.truncate(self.image, _SIZE)
        start, size = _START // _SECTOR, (_SIZE - _START) // _SECTOR - _TAIL_SECTORS
        table = f"label: gpt\nstart={start}, size={size}, type={_EFI_SYSTEM_PARTITION}, name=ESP\n"
        _run("sfdisk", "--quiet", str(self.image), given=table)
        place = ["--offset", str(start), str(self.image), str(size * _SECTOR // 1024)]
        _run("mkfs.vfat", "-F", "32", "-n", LABEL, *place)
        for folder in _FOLDERS:
            self._tool("mmd", f"::{folder}")
        self._tool("mcopy", str(parts.loader), "::/EFI/BOOT/BOOTX64.EFI")
        self._tool("mcopy", str(parts.kernel), "::/EFI/nixos/kernel.efi")
        self._tool("mcopy", str(initrd), "::/EFI/nixos/initrd.efi")
        self._write("/loader/loader.conf", _LOADER)

    def _tool(self, program: str, *arguments: str, given: str | None = None) -> str:
        return _run(program, "-i", f"{self.image}@@{_START}", *arguments, given=given)

    def _write(self, place: str, text: str) -> None:
        self._tool("mcopy", "-o", "-", f"::{place}", given=text)

    def entries(self) -> list[Entry]:
        """Return what the boot menu offers, oldest generation first."""
        files = [Path(line).name for line in self._tool("mdir", "-b", f"::{_ENTRIES}").split("\n")]
        found = [boot_entries.parse(file) for file in files if file]
        return sorted(found, key=lambda entry: entry.generation)

    def add(self, entry: Entry, init: str, options: str) -> None:
        """Add a version as a switch does: it becomes the default, the others stay in the menu."""
        for old in self.entries():
            place = f"{_ENTRIES}/{old.file}"
            known = self._tool("mtype", f"::{place}")
            default, other = boot_entries.sort_key(True), boot_entries.sort_key(False)
            self._write(place, known.replace(f"sort-key {default}", f"sort-key {other}"))
        text = boot_entries.text(entry.generation, init, options, default=True)
        self._write(f"{_ENTRIES}/{entry.file}", text)
