"""The disk of a virtual box: Debian's root with a committed rendering in it, as one ext4 image.

`python box_image.py PLACE` writes it, in a mount namespace of its own.
"""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import scenarios
from driver.debian_layout import lay_out
from driver.specification import DebianNode, Node, Specification
from driver.store import PREFIX
from lab.rendering import whole
from lab.root import root
from parts import Parts, parts

GUEST = Path(__file__).with_name("guest")
SHELL = "hearth-vm-shell.service"
LABEL = "hearth-root"
# Of Debian's own units: what the limits are about stands on none of them, and each costs seconds.
ENABLE = ("nftables.service",)
GENERATIONS = (1, 2, 3)
_SIZE = "4G"  # of a sparse file
_SHELL_UNIT = """[Unit]
Description=Runs what the test outside asks for
DefaultDependencies=no
After=systemd-tmpfiles-setup-dev.service

[Service]
ExecStart=/usr/bin/python3 /usr/local/lib/hearth-vm/shell.py

[Install]
WantedBy=sysinit.target
"""


def key(tree: Path) -> str:
    """Return what tells the images of two states of this clone apart."""
    whole = hashlib.sha256(f"{root().name} {parts().folder.name} {parts().release}".encode())
    files = [*sorted(tree.rglob("*")), *sorted(GUEST.iterdir()), Path(__file__)]
    files += sorted((scenarios.ROOT / "app/hearth").rglob("*.py"))
    files += [scenarios.ROOT / "tests/stack/environment.py", scenarios.OPT / "stamp"]
    for file in files:
        if file.is_file() and not file.is_symlink():
            whole.update(f"{file.name}\0".encode() + file.read_bytes())
    return whole.hexdigest()[:12]


def image(name: str, folder: Path) -> Path:
    """Return the image of a rendering; make it first where this clone has changed since."""
    tree = whole(name)
    place = folder / f"{name}-{key(tree)}.ext4"
    if not place.is_file():
        folder.mkdir(parents=True, exist_ok=True)
        for old in folder.glob(f"{name}-*.ext4*"):
            old.unlink()
        unfinished = place.with_suffix(".ext4.unfinished")
        namespace = ["unshare", "--mount", "--propagation", "private"]
        program = [sys.executable, __file__, name, str(unfinished)]
        subprocess.run(
            [*namespace, *program],
            env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "PYTHONPATH": ":".join(sys.path)},
            check=True,
        )
        unfinished.rename(place)
    return place


def _kernel_modules(box: Path, kernel: Parts) -> None:
    place = box / "usr/lib/modules" / kernel.release
    shutil.copytree(kernel.modules, place)
    subprocess.run(["chroot", str(box), "depmod", kernel.release], check=True)


def _shell(box: Path) -> None:
    place = box / "usr/local/lib/hearth-vm"
    place.mkdir(parents=True)
    for file in GUEST.glob("*.py"):
        shutil.copy(file, place)
    units = box / "etc/systemd/system"
    (units / SHELL).write_text(_SHELL_UNIT)
    wants = units / "sysinit.target.wants"
    wants.mkdir(exist_ok=True)
    (wants / SHELL).symlink_to(f"../{SHELL}")
    # Undo what service.d says for all: the shell must see what is mounted later.
    (units / f"{SHELL}.d").mkdir()
    (units / f"{SHELL}.d/20-own.conf").write_text("[Service]\nExecPaths=\n")


def toplevel(generation: int) -> str:
    """Return the store path of a generation's system."""
    return f"{PREFIX}nixos-system-box-{generation}"


def _generations(box: Path) -> None:
    """Make a system profile of versions that differ by what their boot entries say."""
    profiles = box / "nix/var/nix/profiles"
    profiles.mkdir(parents=True)
    for generation in GENERATIONS:
        system = box / toplevel(generation).lstrip("/")
        (system / "bin").mkdir(parents=True)
        shutil.copy(GUEST / "generation.sh", system / "init")
        shutil.copy(GUEST / "switch.sh", system / "bin/switch-to-configuration")
        for program in (system / "init", system / "bin/switch-to-configuration"):
            program.chmod(0o755)
        (profiles / f"system-{generation}-link").symlink_to(toplevel(generation))
    (profiles / "system").symlink_to("system-1-link")


def _bind(source: Path, target: Path) -> None:
    target.mkdir(parents=True, exist_ok=True)
    subprocess.run(["mount", "--bind", str(source), str(target)], check=True)


def write(name: str, place: Path) -> None:
    """Write the image; the mounts that it takes are left to the end of the namespace."""
    kind = DebianNode(whole(name), ENABLE)
    node = Node(name="box", number=1, vlans=(), kind=kind)
    spec = Specification(name="vm", root=root(), script="", nodes=(node,))
    with tempfile.TemporaryDirectory(prefix="hearth-vm-", dir=place.parent) as state:
        box = lay_out(spec, node, kind, Path(state))
        try:
            _kernel_modules(box, parts())
            _shell(box)
            for folder in ("etc", "var"):  # a box that has been started before
                (box / folder / ".updated").touch()
            _generations(box)
            for environment in ("light", "python"):
                _bind(scenarios.OPT / environment, box / "opt/hearth" / environment)
            place.unlink(missing_ok=True)
            options = ["-q", "-L", LABEL, "-E", "root_owner=0:0", "-d", str(box)]
            subprocess.run(["mkfs.ext4", *options, str(place), _SIZE], check=True)
        finally:
            subprocess.run(["umount", "--recursive", "--lazy", str(box)], check=False)


if __name__ == "__main__":
    write(sys.argv[1], Path(sys.argv[2]))
