"""What a switch from one rendering to another does to the running units.

The rules are those of NixOS's switch-to-configuration: what is gone is stopped, what has changed is
stopped and started, unless its unit says otherwise.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from driver.store import PREFIX

Unit = dict[str, dict[str, list[str]]]

_REFERENCE = re.compile(re.escape(PREFIX) + r"([A-Za-z0-9+._?=-]+)")
_UNITS = Path("etc/systemd/system")
# Keys of [Unit] that make no other unit of it.
_NO_MATTER = {
    *("Description", "Documentation", "SourcePath", "OnFailure", "OnSuccess", "OnFailureJobMode"),
    *("IgnoreOnIsolate", "StopWhenUnneeded", "RefuseManualStart", "RefuseManualStop"),
    *("AllowIsolate", "CollectMode"),
}
# What Debian's own services read. On NixOS the names of these files are in the units' texts.
_READ = {
    "caddy.service": "etc/caddy",
    "fail2ban.service": "etc/fail2ban",
    "nftables.service": "etc/nftables.conf",
    "prometheus.service": "etc/prometheus",
}
_LEFT_ALONE = (".path", ".slice", ".socket", ".target")


@dataclass
class Plan:
    """What is stopped, restarted and started, by name."""

    stop: set[str] = field(default_factory=set)
    restart: set[str] = field(default_factory=set)
    start: set[str] = field(default_factory=set)


@dataclass(frozen=True)
class Version:
    """The units of a rendering: its own, and what it adds to those of Debian."""

    own: Mapping[str, Unit]
    added: Mapping[str, Unit]

    def names(self) -> set[str]:
        """Every unit that the rendering has a say in."""
        return {*self.own, *self.added}


def parse(text: str) -> Unit:
    """A unit's sections, with every value of every key in order."""
    unit: Unit = {}
    section: dict[str, list[str]] = {}
    for line in map(str.strip, text.splitlines()):
        if line.startswith("["):
            section = unit.setdefault(line.strip("[]"), {})
        elif line and line[0] not in "#;":
            key, _, value = line.partition("=")
            section.setdefault(key.strip(), []).append(value.strip())
    return unit


def version(tree: Path) -> Version:
    """The units of the rendering in `tree`, with what they name told apart by content."""
    folder = tree / _UNITS
    own = {
        file.name: parse(_told_apart(file.read_text(), tree))
        for file in sorted(folder.glob("*.*"))
        if file.is_file() and not file.is_symlink()
    }
    added: dict[str, Unit] = {}
    for file in sorted(folder.glob("*.d/*.conf")):
        unit = added.setdefault(file.parent.name.removesuffix(".d"), {})
        for section, keys in parse(_told_apart(file.read_text(), tree)).items():
            for key, values in keys.items():
                unit.setdefault(section, {}).setdefault(key, []).extend(values)
    for name, what in _reads(tree):
        added.setdefault(name, {}).setdefault("Unit", {})["X-Restart-Triggers"] = [what]
    return Version(own, added)


def _reads(tree: Path) -> Iterator[tuple[str, str]]:
    flags = tree / "arguments.json"
    arguments = json.loads(flags.read_text()) if flags.is_file() else {}
    for name in sorted({*_READ, *(f"{service}.service" for service in arguments)}):
        read = tree / _READ.get(name, "nothing")
        what = f"{arguments.get(name.removesuffix('.service'))} {_content(read, tree)}"
        yield name, hashlib.sha256(what.encode()).hexdigest()


def _content(place: Path, tree: Path) -> str:
    files = (
        sorted(file for file in place.rglob("*") if file.is_file()) if place.is_dir() else [place]
    )
    return "\0".join(_told_apart(file.read_text(), tree) for file in files if file.is_file())


def _told_apart(text: str, tree: Path) -> str:
    """A text in which store paths have a hash again, as they do on NixOS."""

    def hashed(found: re.Match[str]) -> str:
        place = tree / "store" / found[1]
        if not place.exists():
            return found[0]
        return f"{found[1]}@{hashlib.sha256(_content(place, tree).encode()).hexdigest()}"

    return _REFERENCE.sub(hashed, text)


def differ(old: Unit, new: Unit) -> bool:
    """Whether a running unit is another one now."""
    return _that_matter(old) != _that_matter(new)


def _that_matter(unit: Unit) -> Unit:
    kept = {key: values for key, values in unit.get("Unit", {}).items() if key not in _NO_MATTER}
    return {**unit, "Unit": kept}


def _yes(unit: Unit, section: str, key: str, otherwise: bool) -> bool:
    values = unit.get(section, {}).get(key)
    return otherwise if not values else values[-1].lower() in {"1", "yes", "true", "on"}


def plan(old: Version, new: Version, running: set[str]) -> Plan:
    """What a switch does, where `running` are the units that are active or about to be."""
    made = Plan()
    for name in sorted(running & old.names()):
        if name in old.own and name not in new.own:
            if _yes(old.own[name], "Unit", "X-StopOnRemoval", True):
                made.stop.add(name)
            continue
        unit = new.own.get(name, {})
        added = new.added.get(name, {})
        if differ(old.own.get(name, {}), unit) or differ(old.added.get(name, {}), added):
            _another(name, unit, running, new, made)
    return made


def _another(name: str, unit: Unit, running: set[str], new: Version, made: Plan) -> None:
    if name.endswith(_LEFT_ALONE):
        return
    if (
        not _yes(unit, "Service", "X-RestartIfChanged", True)
        or _yes(unit, "Unit", "RefuseManualStop", False)
        or _yes(unit, "Unit", "X-OnlyManualStart", False)
    ):
        return
    if not name.endswith(".service") or not _yes(unit, "Service", "X-StopIfChanged", True):
        made.restart.add(name)
        return
    made.stop.add(name)
    named = unit.get("Service", {}).get("Sockets") or [f"{name.removesuffix('.service')}.socket"]
    sockets = {socket for words in named for socket in words.split()} & running
    made.stop |= sockets
    made.start |= (sockets & set(new.own)) or {name}
