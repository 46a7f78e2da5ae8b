"""What a virtual machine needs beside the box itself: Debian's kernel, a firmware, and tools."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from lab.mirror import apt_sites, debian_mirror
from lab.packages import SUITE, root_key
from lab.places import cache
from lab.root import install_tools as install_root_tools
from lab.root import only_one, root
from lab.said import say

# They are unpacked, not installed: the machines' Debian root stays as small as CI needs it.
PACKAGES = ["busybox-static", "linux-image-cloud-amd64", "ovmf"]
# Program to look for, and the package that brings it.
TOOLS = {
    "mcopy": "mtools",
    "mkfs.ext4": "e2fsprogs",
    "mkfs.vfat": "dosfstools",
    "qemu-system-x86_64": "qemu-system-x86",
    "sfdisk": "fdisk",
}
_FOLDERS = ("/usr/local/sbin", "/usr/sbin", "/sbin")


def _there(program: str) -> bool:
    return shutil.which(program, path=os.pathsep.join([os.environ["PATH"], *_FOLDERS])) is not None


def missing_tools(tools: Mapping[str, str] = TOOLS) -> list[str]:
    """Return the Debian packages that this machine lacks to start a virtual one."""
    return sorted(package for program, package in tools.items() if not _there(program))


def cannot() -> str | None:
    """Why no virtual machine can be started here, if so; brings by apt what is missing."""
    if os.geteuid() != 0:
        return "making the machine's disk needs root"
    wanted = missing_tools()
    if not wanted:
        return None
    if not shutil.which("apt-get"):
        return f"missing here: {', '.join(wanted)}"
    say(f"installing {' '.join(wanted)}")
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for command in (
        ["apt-get", "update", "-qq"],
        ["apt-get", "install", "-qq", "--no-install-recommends", *wanted],
    ):
        subprocess.run(command, env=environment, stdout=sys.stderr, check=False)
    wanted = missing_tools()
    return f"apt-get could not install {', '.join(wanted)}" if wanted else None


class Parts:
    """Files of unpacked Debian packages."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.kernel = next((folder / "boot").glob("vmlinuz-*"))
        self.release = self.kernel.name.removeprefix("vmlinuz-")
        self.modules = folder / "usr/lib/modules" / self.release
        self.busybox = folder / "usr/bin/busybox"
        self.firmware = folder / "usr/share/OVMF/OVMF_CODE_4M.fd"
        self.firmware_variables = folder / "usr/share/OVMF/OVMF_VARS_4M.fd"

    @property
    def loader(self) -> Path:
        """Debian's systemd-boot, from the machines' root."""
        return next((root() / "usr/lib/systemd/boot/efi").glob("systemd-bootx64.efi*"))


def parts() -> Parts:
    """Return the unpacked packages; fetch them first where they are not there yet."""
    place = cache() / f"vm-parts-{root_key(PACKAGES)}"
    with only_one(cache() / "vm-parts.lock"):
        if not place.is_dir():
            _unpack(place)
    return Parts(place)


def _unpack(place: Path) -> None:
    install_root_tools()
    unfinished = place.with_name(f"{place.name}.unfinished")
    shutil.rmtree(unfinished, ignore_errors=True)
    say(f"unpacking {', '.join(PACKAGES)} of Debian {SUITE}")
    include = f"--include={','.join(PACKAGES)}"
    mirror = debian_mirror(apt_sites())
    command = ["mmdebstrap", "--quiet", "--variant=extract", include, SUITE]
    subprocess.run([*command, str(unfinished), mirror], stdout=sys.stderr, check=True)
    unfinished.rename(place)
