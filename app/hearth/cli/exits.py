"""Exit codes of `hearth`, stable for scripts.

0  done
1  an internal error; the message says where
2  wrong usage, or a configuration that cannot be used
3  bad input: the thing given cannot be used
4  there is no such thing
5  not signed in, or not allowed
6  a part is not answering or is busy; the same command may succeed later
7  stored data, a backup, a signed file or a model file is damaged
8  the disk is full
"""

from __future__ import annotations

import json
import traceback
from collections.abc import Iterator
from contextlib import contextmanager

import typer
from rich.console import Console
from rich.markup import escape

from hearth.core.errors import HearthError

EXIT_BY_CODE = {
    "error": 1,
    "internal": 1,
    "method_not_allowed": 3,
    "length_required": 3,
    "turn_failed": 6,
    "bad_configuration": 2,
    "bad_input": 3,
    "too_large": 3,
    "not_found": 4,
    "not_signed_in": 5,
    "not_allowed": 5,
    "conflict": 6,
    "busy": 6,
    "unavailable": 6,
    "damaged": 7,
    "storage_full": 8,
}


debugging = False  # `hearth --debug`


@contextmanager
def reporting(*, as_json: bool = False) -> Iterator[None]:
    """Turn Hearth's errors into a message on stderr (JSON on stdout if asked) and an exit code."""
    try:
        yield
    except HearthError as error:
        if debugging:
            traceback.print_exception(error)
        if as_json:
            typer.echo(json.dumps({"error": error.problem()}, ensure_ascii=False))
        else:
            explain(error)
        raise typer.Exit(EXIT_BY_CODE.get(error.code, 1)) from error


def explain(error: HearthError) -> None:
    """Print an error and its remedy on stderr."""
    console = Console(stderr=True, soft_wrap=True)
    place = f"{error.where}: " if error.where else ""
    console.print(f"[red]Error:[/red] {escape(place + error.message)}")
    if error.remedy:
        console.print(escape(error.remedy))
