"""The helpers of tests/vm that need no machine."""

from __future__ import annotations

import base64
from pathlib import Path

import boot_entries
import pytest
from boot_entries import Entry
from dropins import SKIPPED, carried, instead, masked
from initrd import archive
from parts import missing_tools
from rendered_limits import Limits, amount, limits
from virtual_machine import Direct, Firmware, Hardware, arguments


@pytest.mark.parametrize(
    ("file", "entry"),
    [
        ("nixos-generation-1.conf", Entry(1)),
        ("nixos-generation-12+3.conf", Entry(12, left=3)),
        ("nixos-generation-2+0-3.conf", Entry(2, left=0, done=3)),
    ],
)
def test_an_entrys_name_holds_its_counter(file: str, entry: Entry) -> None:
    assert boot_entries.parse(file) == entry
    assert entry.file == file


@pytest.mark.parametrize("file", ["nixos.conf", "nixos-generation-1+.conf", "memtest86.conf"])
def test_other_entries_are_refused(file: str) -> None:
    with pytest.raises(ValueError, match="no entry of a generation"):
        boot_entries.parse(file)


def test_the_default_version_sorts_first() -> None:
    assert boot_entries.sort_key(default=True) < boot_entries.sort_key(default=False)
    text = boot_entries.text(4, "/init", "quiet", default=True)
    assert "options init=/init quiet\n" in text
    assert text.endswith("sort-key nixor-default\n")


def test_an_archive_is_what_the_kernel_unpacks() -> None:
    packed = archive({"init": (0o100755, b"hello")})
    assert packed[:6] == b"070701"
    assert packed[14:22] == b"000081ED"  # the mode
    assert packed[54:62] == b"00000005"  # the size
    assert packed[110:115] == b"init\0"
    assert packed[116:124] == b"hello\0\0\0"
    assert b"TRAILER!!!" in packed
    assert len(packed) % 4 == 0


@pytest.mark.parametrize(("text", "bytes_"), [("128", 128), ("256M", 256 << 20), ("1G", 1 << 30)])
def test_amounts_are_systemds(text: str, bytes_: int) -> None:
    assert amount(text) == bytes_


def test_a_unit_without_all_limits_is_refused(tmp_path: Path) -> None:
    unit = tmp_path / "a.service"
    unit.write_text("[Service]\nMemoryMax=1G\nMemorySwapMax=256M\nTasksMax=128\n")
    assert limits(unit) == Limits(1 << 30, 256 << 20, 128)
    unit.write_text("[Service]\nMemoryMax=1G\nTasksMax=128\n")
    with pytest.raises(KeyError, match="MemorySwapMax"):
        limits(unit)
    with pytest.raises(ValueError, match="no amount"):
        amount("infinity")


def test_dropins_travel_on_the_command_line() -> None:
    word = carried({"a.service": SKIPPED})
    name, _, text = word.rpartition(":")
    assert name == "systemd.set_credential_binary=systemd.unit-dropin.a.service"
    assert base64.b64decode(text).decode() == SKIPPED
    assert instead("/bin/x", "User=\n") == "[Service]\nExecStart=\nExecStart=/bin/x\nUser=\n"
    assert masked("a", "b") == "systemd.mask=a systemd.mask=b"


def test_a_machine_that_restarts_itself_ends() -> None:
    hardware = Hardware(disks=(Path("/a"), Path("/b")), forget=True)
    direct = Direct(Path("/kernel"), Path("/initrd"), "quiet")
    command = arguments(hardware, direct, Path("/port"))
    assert "-no-reboot" in command
    assert "-snapshot" in command
    assert command[-2:] == ["-append", "quiet"]
    assert sum(word.endswith("if=virtio,cache=unsafe") for word in command) == 2
    with pytest.raises(ValueError, match="too long"):
        arguments(hardware, Direct(Path("/kernel"), Path("/initrd"), "x" * 2_048), Path("/port"))
    firmware = arguments(hardware, Firmware(Path("/code"), Path("/variables")), Path("/port"))
    assert "-kernel" not in firmware
    assert firmware[-1].endswith("unit=1,file=/variables")


def test_missing_tools_are_named_by_their_packages() -> None:
    assert missing_tools({"sh": "dash", "no-such-program": "its-package"}) == ["its-package"]
