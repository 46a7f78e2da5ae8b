"""`hearth models`: what there is, what is installed, and bringing more."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.filesize import decimal
from rich.progress import BarColumn, DownloadColumn, TimeRemainingColumn
from rich.progress import Progress as Bar
from rich.table import Column, Table

from hearth.cli.exits import reporting
from hearth.cli.models_plan import plan_
from hearth.cli.options import settings_or_default
from hearth.core.errors import BadInput
from hearth.inference.models import pull as pulling
from hearth.inference.models.library import Library
from hearth.inference.models.manifest import Model
from hearth.inference.models.sources import Progress
from hearth.ops.doctor import models

app = typer.Typer(no_args_is_help=True, help="The models on this machine, and how to get more.")
app.command(name="plan")(plan_)

Names = Annotated[
    list[str] | None,
    typer.Argument(help="Names from `hearth models list`; else those the configuration names."),
]
Folder = Annotated[
    Path | None, typer.Option("--models-dir", help="Where model files lie; else the configuration.")
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON on stdout.")]


@app.command(name="list")
def list_(models_dir: Folder = None, as_json: AsJson = False) -> None:
    """Show every model of the manifest and whether it is installed."""
    with reporting(as_json=as_json):
        library = Library(_folder(models_dir))
        rows = [_row(library, library.model(name)) for name in library.manifest.models]
    if as_json:
        _print_json({"models_dir": str(library.folder), "models": rows})
    else:
        _print_table(rows)


@app.command()
def pull(
    names: Names = None,
    *,
    sha256: Annotated[
        list[str] | None,
        typer.Option(help="The file's sha256, where none is known; once a file, in order."),
    ] = None,
    trust_first_use: Annotated[
        bool, typer.Option("--trust-first-use", help="Pin the hash of whatever arrives.")
    ] = False,
    file: Annotated[
        Path | None, typer.Option(help="Take the model from this file or folder.")
    ] = None,
    models_dir: Folder = None,
    as_json: AsJson = False,
) -> None:
    """Bring models onto this machine, checked by sha256. Run it again to continue."""
    pulled = []
    with reporting(as_json=as_json):
        names = names or models(settings_or_default())
        if len(names) > 1 and (sha256 or file):
            raise BadInput("--sha256 and --file belong to one model", remedy="Name one at a time.")
        folder = _folder(models_dir)
        for name in names:
            with _progress(name) as progress:
                path = pulling.pull(
                    name,
                    folder,
                    progress=progress,
                    sha256=sha256 or (),
                    trust_first_use=trust_first_use,
                    file=file,
                )
            pulled.append({"name": name, "path": str(path)})
            if not as_json:
                typer.echo(f"{name}: {path}")
    if as_json:
        _print_json({"pulled": pulled})


@app.command()
def verify(
    names: Annotated[list[str] | None, typer.Argument(help="All installed ones if none.")] = None,
    models_dir: Folder = None,
    as_json: AsJson = False,
) -> None:
    """Check the sha256 of installed models."""
    with reporting(as_json=as_json):
        library = Library(_folder(models_dir))
        chosen = names or [name for name in library.manifest.models if library.has(name)]
        for name in chosen:
            library.verify(name)
            if not as_json:
                typer.echo(f"{name}: as it should be")
    if as_json:
        _print_json({"verified": chosen})


def _folder(models_dir: Path | None) -> Path:
    if models_dir is not None:
        return models_dir
    return settings_or_default().models


def _row(library: Library, model: Model) -> dict[str, Any]:
    return {
        "name": model.name,
        "title": model.title,
        "purpose": model.purpose,
        "licence": model.licence,
        "origin": model.origin,
        "bytes": model.bytes,
        "files": [file.model_dump() for file in model.files],
        "installed": library.has(model.name),
    }


def _print_table(rows: list[dict[str, Any]]) -> None:
    table = Table(
        Column("name", no_wrap=True),
        "purpose",
        "size",
        "licence",
        "installed",
        "what it is",
        box=None,
    )
    for row in rows:
        size = "unknown" if row["bytes"] is None else decimal(row["bytes"])
        here = "yes" if row["installed"] else "no"
        table.add_row(row["name"], row["purpose"], size, row["licence"], here, row["title"])
    Console().print(table)


def _print_json(value: dict[str, Any]) -> None:
    typer.echo(json.dumps(value, ensure_ascii=False))


@contextmanager
def _progress(name: str) -> Iterator[Progress]:
    """A bar on a terminal, otherwise a line for every tenth."""
    console = Console(stderr=True)
    if not console.is_terminal:
        yield _Tenths(name)
        return
    columns = ("{task.description}", BarColumn(), DownloadColumn(), TimeRemainingColumn())
    with Bar(*columns, console=console) as bar:
        task = bar.add_task(name, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total or None)


class _Tenths:
    """Says on stderr when another tenth has arrived."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._shown = 0

    def __call__(self, done: int, total: int) -> None:
        tenth = 10 * done // total if total else 0
        if tenth > self._shown:
            self._shown = tenth
            typer.echo(f"{self._name}: {tenth * 10} % of {decimal(total)}", err=True)
