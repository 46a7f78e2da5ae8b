"""The box's own flake, written from the template; everything that was chosen is JSON in it."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

from hearth_install.choices import Choices

NAME = "box"  # of the NixOS configuration in the template


def pods(choices: Choices) -> dict[str, object]:
    """pods.json: the options of services.hearth.pods, by name."""
    return {kind: {"kind": kind} for kind in choices.pods}


def box(choices: Choices) -> dict[str, object]:
    """box.json: a NixOS module without any code."""
    sizes = choices.sizes
    return {
        "networking": {"hostName": choices.host_name},
        "time": {"timeZone": choices.time_zone},
        "services": {
            "hearth": {
                # The stick carries them, and the box shall answer before it has a network.
                "engines": {"default": {"fromStore": True}},
                **({"admin": {"name": choices.owner_login}} if choices.admin_password else {}),
                "members": {choices.owner_login: {"name": choices.owner_name, "role": "owner"}},
                "storage": {
                    "disk": choices.disk.path,
                    "encryption": choices.encryption,
                    "rootSize": f"{sizes.root}G",
                    "nixSize": f"{sizes.nix}G",
                    "swapSize": f"{sizes.swap}G",
                },
            }
        },
    }


def write(choices: Choices, template: Path, source: Path, into: Path) -> None:
    """The template, with Hearth's source beside it, so that the box needs no network to rebuild."""
    if into.exists():
        shutil.rmtree(into)
    shutil.copytree(template, into)
    shutil.copytree(source, into / "hearth", symlinks=True)
    # What comes from the store is read-only.
    for path in (into, *into.rglob("*")):
        if not path.is_symlink():
            path.chmod(path.stat().st_mode | 0o200)
    for name, content in (("box.json", box(choices)), ("pods.json", pods(choices))):
        (into / name).write_text(json.dumps(content, indent=2, sort_keys=True) + "\n")
