"""`hearth restore`: from the repository back into the house, or into an empty folder."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from hearth.cli.backup import OnePod
from hearth.cli.exits import reporting
from hearth.cli.options import AsJson, Config, out, print_json, settings_of
from hearth.config import Settings
from hearth.core.errors import BadInput, Conflict, NotFound
from hearth.ops.backup import adopt, folders
from hearth.ops.backup import kit as kits
from hearth.ops.backup import restore as way_back
from hearth.ops.backup.kit import Kit
from hearth.ops.backup.manifest import CONFIGURATION
from hearth.ops.backup.owners import Owner, owners
from hearth.ops.backup.restic import Restic, Snapshot
from hearth.ops.backup.restore import Restored
from hearth.ops.backup.run import host, repository


def restore(
    *,
    snapshot: Annotated[
        str | None, typer.Option(metavar="ID", help="Which backup; the newest when not given.")
    ] = None,
    into: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Into an empty folder, not into the house.")
    ] = None,
    kit: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", help="The recovery kit, where all else is lost; - asks for it."
        ),
    ] = None,
    pod: OnePod = None,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Bring a backup back. It is checked whole first; what was there is kept beside it."""
    with reporting(as_json=as_json):
        settings = None if kit and into else settings_of(config)
        printed = None if kit is None else kits.read(_words(kit))
        source = _source(settings, printed, snapshot)
        left: list[str] = []
        if into is not None:
            done = _into_folder(source, into.absolute(), pod, settings)
        else:
            assert settings is not None
            done = _into_house(source, settings, pod)
            left = adopt.adopt(settings, printed, source.restic.login) if printed else []
    if as_json:
        print_json({"restored": [_row(one) for one in done], "to_do": left})
        return
    for one in done:
        words = f"{one.databases} databases and {one.files} files of {one.made:%Y-%m-%d %H:%M} UTC"
        out.print(f"{one.owner}: {words} in {one.folder}", markup=False)
        if one.before:
            out.print(f"  what was there: {one.before}", markup=False)
    for line in left:
        out.print(line, markup=False)
    if printed is not None and into is None and not left:
        out.print(f"Backups go on in {printed.repository}.", markup=False)


@dataclass(frozen=True)
class _Source:
    """A repository, and which backup in it is meant: the box's newest when none is named."""

    restic: Restic
    box: str
    wanted: str | None

    def fetch(self, into: Path) -> Snapshot:
        """Unpack the backup."""
        snapshot = way_back.chosen(self.restic, self.wanted, self.box)
        self.restic.restore(snapshot.id, into)
        return snapshot


def _source(settings: Settings | None, kit: Kit | None, wanted: str | None) -> _Source:
    if kit is not None:
        return _Source(adopt.opened(settings, kit), kit.box, wanted)
    assert settings is not None
    return _Source(repository(settings), host(), wanted)


def _words(kit: Path) -> str:
    """What is printed on the kit: in a file, or typed."""
    if kit == Path("-"):
        return "\n".join(_typed())
    try:
        return kit.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise BadInput(f"the kit cannot be read: {error}", where=str(kit)) from error


def _typed() -> Iterator[str]:
    """The lines that somebody types, up to an empty one; what is sent by a pipe, to its end."""
    somebody = sys.stdin.isatty()
    if somebody:
        typer.echo(
            "Type the kit's lines, from Box on, as they are printed: Repository, Password, and"
        )
        typer.echo("Environment, Login key and Server key where it has them. Then an empty line.")
    for line in sys.stdin:
        if somebody and not line.strip():
            return
        yield line


def _into_house(source: _Source, settings: Settings, pod: str | None) -> list[Restored]:
    mine = owners(settings, pod=pod)
    # A pod alone is no reason to touch what all share.
    shared = settings.backup.folders if pod is None else ()
    way_back.refuse_while_running(mine)
    folders.refuse_mounted(shared)
    with way_back.scratch(settings.scratch) as folder:
        snapshot = source.fetch(folder)
        made = way_back.checked(folder, mine)
        way_back.refuse_while_running(mine)
        there = [one for one in shared if folders.place(folder, one).is_dir()]
        theirs = folders.noted(folder, settings.records)
        return [
            *(way_back.put(way_back.unpacked(folder, one), one, made[one.name]) for one in mine),
            *(folders.put(folder, one, snapshot.time, theirs) for one in there),
        ]


def _into_folder(
    source: _Source, into: Path, pod: str | None, settings: Settings | None
) -> list[Restored]:
    if into.exists() and (not into.is_dir() or any(into.iterdir())):
        raise Conflict("this is not an empty folder", where=str(into))
    into.mkdir(parents=True, exist_ok=True, mode=0o700)
    # Where restic acts as the backup's user, it cannot write into root's folder.
    with way_back.scratch(into if settings is None else settings.scratch) as folder:
        snapshot = source.fetch(folder)
        found = way_back.found_owners(folder, into)
        mine = [owner for owner in found if pod is None or owner.name == f"pod-{pod}"]
        if not mine:
            raise NotFound(f"there is no pod {pod!r} in this backup")
        made = way_back.checked(folder, mine)
        told = way_back.unpacked(folder, Owner("hub", into, "hub")) / CONFIGURATION
        if pod is None and told.is_dir():
            shutil.copytree(told, into / CONFIGURATION)
        shared = folders.others(folder) if pod is None else []
        done = [way_back.put(way_back.unpacked(folder, one), one, made[one.name]) for one in mine]
        return [*done, *(folders.put(folder, one, snapshot.time, {}, into) for one in shared)]


def _row(one: Restored) -> dict[str, object]:
    return {
        "owner": one.owner,
        "folder": str(one.folder),
        "made": one.made.isoformat(),
        "databases": one.databases,
        "files": one.files,
        "before": str(one.before) if one.before else None,
    }
