"""Lays a rendering into a root: before the first start, and over another one later."""

from __future__ import annotations

import filecmp
import json
import shutil
from pathlib import Path

from driver.store import fill_store

# Debian's units rely on folders of their packages', which ProtectSystem=strict closes.
_OWN_FOLDERS = {
    "fail2ban": "StateDirectory=fail2ban\nReadWritePaths=/var/log\nNoExecPaths=/var/log\n",
    "prometheus": "StateDirectory=prometheus\nNoExecPaths=/var/lib/prometheus\n",
}


def write(path: Path, text: str) -> None:
    """Write a file, and the folders above it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def arguments(tree: Path, etc: Path) -> None:
    """Start Debian's own services with the flags that they have on the box."""
    file = tree / "arguments.json"
    for service, flags in (json.loads(file.read_text()) if file.is_file() else {}).items():
        write(etc / "default" / service, f"ARGS='{' '.join(flags)}'\n")
    for service, lines in _OWN_FOLDERS.items():
        folder = etc / "systemd/system" / f"{service}.service.d"
        if folder.is_dir():
            write(folder / "zz-debian.conf", f"[Service]\n{lines}")


def replace(old: Path, new: Path, root: Path) -> None:
    """Lay the rendering `new` over `old`; what `new` has not goes."""
    etc = root / "etc"
    for gone in sorted(_files(old / "etc") - _files(new / "etc")):
        (etc / gone).unlink(missing_ok=True)
    for name in sorted(_files(new / "etc")):
        _put(new / "etc" / name, etc / name)
    arguments(new, etc)
    fill_store(new, root)


def _files(folder: Path) -> set[str]:
    return {
        str(file.relative_to(folder))
        for file in folder.rglob("*")
        if file.is_symlink() or not file.is_dir()
    }


def _put(source: Path, target: Path) -> None:
    """In one step, so that who reads it meanwhile has the old or the new."""
    if source.is_symlink():
        if target.is_symlink() and target.readlink() == source.readlink():
            return
    elif (
        target.is_file() and not target.is_symlink() and filecmp.cmp(source, target, shallow=False)
    ):
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    draft = target.with_name(f".{target.name}.new")
    shutil.copy2(source, draft, follow_symlinks=False)
    draft.replace(target)
