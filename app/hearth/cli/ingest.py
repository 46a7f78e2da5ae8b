"""`hearth ingest`: have pods read their folders again, or give one a file."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.progress import track

from hearth.cli.console import HubConsole
from hearth.cli.exits import EXIT_BY_CODE, explain, reporting
from hearth.cli.options import As, AsJson, Config, out, print_json, settings_of
from hearth.core.api import FileFailure, SyncReport
from hearth.core.errors import BadInput, HearthError
from hearth.core.people import Right


def ingest(
    files: Annotated[
        list[Path] | None,
        typer.Argument(metavar="[FILE]...", help="Files to add; the pods' folders when none."),
    ] = None,
    pod: Annotated[
        str | None, typer.Option("--pod", metavar="NAME", help="The pod; all of them when none.")
    ] = None,
    as_: As = None,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Read what changed in the pods' folders, or add files to one pod. Exits 3 if any failed."""
    with reporting(as_json=as_json), HubConsole(settings_of(config), as_) as hub:
        if files:
            failures = _upload(hub, _one_pod(pod), files, as_json=as_json)
        else:
            failures = _sync(hub, pod, as_json=as_json)
    if failures:
        raise typer.Exit(EXIT_BY_CODE[BadInput.code])


def _one_pod(pod: str | None) -> str:
    if pod is None:
        raise BadInput("a file goes to one pod", where="--pod", remedy="Name it with --pod NAME.")
    return pod


def _upload(hub: HubConsole, pod: str, files: Sequence[Path], *, as_json: bool) -> int:
    rows: list[dict[str, Any]] = []
    failures = 0
    for path in track(files, "Adding", console=out, disable=as_json or not out.is_terminal):
        try:
            document = hub.upload(pod, path.name, _bytes(path))
        except BadInput as error:
            failures += 1
            rows.append({"path": str(path), "error": error.problem()})
            if not as_json:
                explain(error)
        else:
            rows.append({"path": str(path), "document": document.model_dump(mode="json")})
            if not as_json:
                out.print(f"{path}: {document.detail or 'added'}", markup=False)
    if as_json:
        print_json({"pod": pod, "files": rows})
    return failures


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise BadInput(
            f"this file cannot be read: {error.strerror}",
            where=str(path),
            remedy="Check its name and its permissions.",
        ) from error


def _sync(hub: HubConsole, pod: str | None, *, as_json: bool) -> int:
    reports: dict[str, SyncReport] = {}
    for name in [pod] if pod else _managed(hub):
        if as_json:
            reports[name] = hub.sync(name)
            continue
        with out.status(f"{name} reads its folders"):
            reports[name] = hub.sync(name)
        _print(name, reports[name])
    if as_json:
        print_json({name: report.model_dump(mode="json") for name, report in reports.items()})
    return sum(len(report.failed) for report in reports.values())


def _managed(hub: HubConsole) -> list[str]:
    rights = hub.me().pods
    return [card.name for card in hub.pods() if Right.MANAGE in rights[card.name]]


def _print(name: str, report: SyncReport) -> None:
    counts = f"{report.added} added, {report.changed} changed, {report.removed} removed"
    out.print(f"{name}: {report.seen} files; {counts}", markup=False)
    for failure in report.failed:
        explain(left_out(failure))


def left_out(failure: FileFailure) -> HearthError:
    """The error that stands for a file that was left out."""
    return BadInput(failure.message, where=failure.path, remedy=failure.remedy)
