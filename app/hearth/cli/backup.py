"""`hearth backup`: copies, the repository, and what is known about both."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.filesize import decimal
from rich.markup import escape
from rich.progress import BarColumn, TaskProgressColumn
from rich.progress import Progress as Bar

from hearth.cli.exits import reporting
from hearth.cli.keys import needed
from hearth.cli.options import AsJson, Config, configuration, out, print_json, settings_of
from hearth.config import Settings, load
from hearth.core.errors import BadConfiguration, Conflict, NotFound
from hearth.ops import keys
from hearth.ops.backup import kit as kits
from hearth.ops.backup import records, sftp, snapshot
from hearth.ops.backup import user as users
from hearth.ops.backup.manifest import Manifest
from hearth.ops.backup.owners import owners
from hearth.ops.backup.restic import Fraction
from hearth.ops.backup.run import folder_of, fresh, host, on_same_disk, opening, repository
from hearth.ops.backup.run import run as store

app = typer.Typer(no_args_is_help=True, help="Backups of the whole house.")

Hub = Annotated[bool, typer.Option("--hub", help="The hub's data alone.")]
OnePod = Annotated[str | None, typer.Option("--pod", metavar="NAME", help="One pod's data alone.")]
SAME_DISK = (
    "The repository lies on the same disk as the data: when that disk breaks, both are gone."
    " Use a USB disk or another machine."
)


@app.command(name="snapshot")
def snapshot_(
    pod: OnePod = None, *, hub: Hub = False, config: Config = None, as_json: AsJson = False
) -> None:
    """Lay out a consistent copy of every database and file, for `hearth backup run`."""
    with reporting(as_json=as_json):
        path = configuration(config)
        settings = load(path)
        made = [
            snapshot.take(owner, settings.staging, path)
            for owner in owners(settings, hub=hub, pod=pod)
        ]
    if as_json:
        print_json({"folder": str(settings.staging), "copies": [_copy(one) for one in made]})
        return
    for one in made:
        words = f"{len(one.databases)} databases, {len(one.files)} files, {decimal(one.bytes)}"
        out.print(f"{one.owner}: {words}", markup=False)


@app.command()
def run(
    *,
    staged: Annotated[
        bool, typer.Option("--staged", help="Store the copies that are laid out already.")
    ] = False,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Copy everything, store it in the repository, remove old backups, check the repository."""

    def say(line: str) -> None:
        if not as_json:
            out.print(line, markup=False)

    with reporting(as_json=as_json):
        path = configuration(config)
        settings = load(path)
        if not staged:
            repository(settings)  # before the work of copying
            for owner in owners(settings):
                snapshot.take(owner, settings.staging, path)
            say("copied every database")
        with _progress() as progress:
            record = store(settings, say, progress)
    if as_json:
        print_json(record.model_dump(mode="json"))
        return
    out.print(f"[green]Backup {record.snapshot[:8]} is good.[/green]")
    _warn(same_disk=record.same_disk)


@app.command()
def init(config: Config = None, as_json: AsJson = False) -> None:
    """Make the repository, and its password where there is none yet."""
    with reporting(as_json=as_json):
        settings = settings_of(config)
        _make_password(settings)
        restic = repository(settings)
        folder = folder_of(settings)
        if restic.user is not None and folder is not None:
            users.make(folder, restic.user)
        try:
            number = restic.id()
        except NotFound:
            restic.init()
        else:
            raise Conflict(
                f"there is a repository already (id {number[:16]})", where=restic.repository
            )
    if as_json:
        print_json({"repository": restic.repository, "id": restic.id()})
        return
    out.print(f"{restic.repository}: made.", markup=False)
    out.print("Print the recovery kit now: `hearth backup kit --html > kit.html`.", markup=False)
    _warn(same_disk=on_same_disk(settings))


@app.command(name="list")
def list_(config: Config = None, as_json: AsJson = False) -> None:
    """List the backups in the repository, the oldest first."""
    with reporting(as_json=as_json):
        listing = repository(settings_of(config)).listing()
    found, lost = listing.backups, listing.unreadable
    rows = [{"id": one.id, "time": one.time.isoformat(), "box": one.host} for one in found]
    if as_json:
        print_json({"backups": rows, "unreadable": lost})
        return
    for name in lost:
        out.print(f"[bold red]{name}  cannot be read: the repository is damaged.[/bold red]")
    for one in found:
        out.print(f"{one.id[:8]}  {one.time.astimezone():%Y-%m-%d %H:%M}  {one.host}", markup=False)
    if not found and not lost:
        out.print("There is none yet: `hearth backup run` makes one.", markup=False)


@app.command()
def status(config: Config = None, as_json: AsJson = False) -> None:
    """Tell the last good backup and drill; exits 6 when no good backup is young enough."""
    with reporting(as_json=as_json):
        settings = settings_of(config)
        drill = records.drill_record(settings)
        record = fresh(settings)
    if as_json:
        both = {"backup": record, "drill": drill}
        print_json({name: one.model_dump(mode="json") for name, one in both.items()})
        return
    assert record.good is not None
    words = f"{record.owners} programs, {record.databases} databases, {decimal(record.bytes)}"
    out.print(f"[green]{record.good.astimezone():%Y-%m-%d %H:%M}[/green]  {words}")
    if record.failure is not None:
        out.print(f"[red]The last try failed:[/red] {escape(record.failure.why)}")
    _print_drill(drill)
    _warn(same_disk=record.same_disk)


@app.command()
def kit(
    *,
    html: Annotated[
        bool, typer.Option("--html", help="A page for the printer, instead of text.")
    ] = False,
    config: Config = None,
) -> None:
    """Print the recovery kit, from which alone a new box gets everything back."""
    with reporting():
        settings = settings_of(config)
        restic = repository(settings)
        password, environment = opening(settings)
        mine = kits.Kit(
            box=host(),
            repository=restic.repository,
            password=password.decode(),
            environment=environment,
            login=restic.login.key if restic.login else None,
            server=sftp.fingerprint(restic.login.known) if restic.login else None,
        )
        page = kits.page(mine, restic)
        typer.echo(kits.as_html(page) if html else kits.text(page), nl=False)


def _make_password(settings: Settings) -> None:
    """On a box systemd holds it; elsewhere it lies with the other keys."""
    name, file = settings.backup.password, settings.backup.password_file
    if settings.backup.repository is None:
        return  # which is what stops `init`, not the missing password
    try:
        keys.find(settings, name, file)
    except BadConfiguration:
        if file is not None or settings.credentials_dir is not None:
            raise
        keys.make({name: needed(settings)[name]}, settings.keys_dir)


def _copy(made: Manifest) -> dict[str, Any]:
    return {
        "owner": made.owner,
        "made": made.made.isoformat(),
        "bytes": made.bytes,
        "databases": {name: one.revision for name, one in made.databases.items()},
        "files": len(made.files),
    }


def _print_drill(drill: records.DrillRecord) -> None:
    if drill.failure is not None:
        out.print(f"[red]The last drill failed:[/red] {escape(drill.failure.why)}")
    elif drill.good is None:
        out.print("[yellow]No drill has been made yet: `hearth drill`.[/yellow]")
    else:
        out.print(f"The last drill went well on {drill.good.astimezone():%Y-%m-%d %H:%M}.")


def _warn(*, same_disk: bool) -> None:
    if same_disk:
        out.print(f"[bold red]{SAME_DISK}[/bold red]")


@contextmanager
def _progress() -> Iterator[Fraction]:
    """A bar on a terminal, else nothing."""
    console = Console(stderr=True)
    if not console.is_terminal:
        yield lambda _fraction: None
        return
    columns = ("{task.description}", BarColumn(), TaskProgressColumn())
    with Bar(*columns, console=console, transient=True) as bar:
        task = bar.add_task("storing", total=1.0)
        yield lambda fraction: bar.update(task, completed=fraction)
