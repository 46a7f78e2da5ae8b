"""From a rendering (evaluate/rendering.nix) to the files of tests/rendered/HOST.

etc/ is laid into a Debian machine's /etc as it is; store/ holds the texts that it names below
/nix/store; users.json and groups.json say what sysusers.d cannot; arguments.json has the flags that
our options give services of others.
"""

from __future__ import annotations

import json
import re
import shlex
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lab import texts
from lab.references import Objects, closure, normalised
from lab.said import LabError

_CONFIG_FILE = re.compile(r"--config\.file=(\S+)")
# Where a service of others has its own files is not ours to say.
_PLACES = ("--config.file", "--storage.tsdb.path")
# Copies of what the repository has itself: the installer's Python and the template it carries.
_COPIES = ("store/source/", "etc/hearth-install/template/")
_WANTS = {"wantedBy": "wants", "requiredBy": "requires", "upheldBy": "upholds"}


@dataclass(frozen=True)
class Link:
    """A symbolic link of the rendering."""

    target: str


File = str | Link


def _units(units: dict[str, Any]) -> dict[str, File]:
    system = "etc/systemd/system"
    found: dict[str, File] = {}
    for name, unit in units.items():
        found[f"{system}/{name}"] = texts.unit(unit["text"])
        for key, suffix in _WANTS.items():
            for other in unit[key]:
                found[f"{system}/{other}.{suffix}/{name}"] = Link(f"../{name}")
    return found


def _etc(entries: dict[str, Any], objects: Objects) -> dict[str, File]:
    found: dict[str, File] = {}
    for target, entry in entries.items():
        if entry["text"] is not None:
            found[f"etc/{target}"] = entry["text"]
            continue
        files = objects.texts(entry["source"])
        if files is None:
            # A package in /etc stays the link that it is on the box.
            found[f"etc/{target}"] = Link(entry["source"])
            continue
        found |= {f"etc/{target}/{place}".rstrip("/"): text for place, text in files.items()}
    return found


def _upstream(files: dict[str, str], objects: Objects) -> dict[str, File]:
    found: dict[str, File] = {}
    for target, source in files.items():
        read = objects.texts(source)
        if read is None:
            raise LabError(f"{target}: {source} is no text")
        found |= {f"etc/{target}/{place}".rstrip("/"): text for place, text in read.items()}
    return found


def _tables(rendering: dict[str, Any]) -> dict[str, File]:
    users, groups = rendering["users"], rendering["groups"]
    found: dict[str, File] = {
        "users.json": json.dumps(users, indent=2, sort_keys=True) + "\n",
        "groups.json": json.dumps(groups, indent=2, sort_keys=True) + "\n",
        "etc/hostname": f"{rendering['hostName']}\n",
    }
    rules = rendering["tmpfiles"]
    if rules["rules"] or rules["settings"]:
        found["etc/tmpfiles.d/hearth.conf"] = texts.tmpfiles(rules)
    if users or groups:
        found["etc/sysusers.d/hearth.conf"] = texts.sysusers(users, groups)
    if rendering["nftables"]:
        found["etc/nftables.conf"] = texts.nftables(rendering["nftables"])
    if rendering["arguments"]:
        flags = {name: arguments(text) for name, text in rendering["arguments"].items()}
        found["arguments.json"] = json.dumps(flags, indent=2, sort_keys=True) + "\n"
    for name, given in rendering["dropIns"].items():
        found[f"etc/systemd/system/{name}.service.d/hearth.conf"] = texts.drop_in(given)
    return found


def arguments(command: str) -> list[str]:
    """Return a service's flags, without those that name its files."""
    words = shlex.split(command.replace("\\\n", " "))[1:]
    return [word for word in words if not word.startswith(_PLACES)]


def _prometheus(command: str | None, etc: dict[str, Any]) -> dict[str, str]:
    named = _CONFIG_FILE.search(command or "")
    if not named:
        return {}
    path = named[1]
    if path.startswith("/etc/"):
        path = etc.get(path.removeprefix("/etc/"), {}).get("source", "")
    return {"prometheus/prometheus.yml": path} if path else {}


def files(rendering: dict[str, Any], objects: Objects) -> dict[str, File]:
    """Return every file of a host's rendering by its path, store paths normalised."""
    upstream = rendering["files"] | _prometheus(rendering["prometheus"], rendering["etc"])
    found = (
        _tables(rendering)
        | _units(rendering["units"])
        | _etc(rendering["etc"], objects)
        | _upstream(upstream, objects)
    )
    plain = [text for text in found.values() if isinstance(text, str)]
    for name, parts in closure(objects, plain).items():
        found |= {f"store/{name}/{place}".rstrip("/"): text for place, text in parts.items()}
    kept = {path: file for path, file in found.items() if not path.startswith(_COPIES)}
    return {path: _clean(file) for path, file in sorted(kept.items())}


def _clean(file: File) -> File:
    return Link(normalised(file.target)) if isinstance(file, Link) else normalised(file)


def write(found: dict[str, File], folder: Path) -> None:
    """Write a rendering into an empty folder."""
    for path, file in found.items():
        place = folder / path
        place.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(file, Link):
            place.symlink_to(file.target)
        else:
            place.write_text(file)
            place.chmod(0o755 if file.startswith("#!") else 0o644)
