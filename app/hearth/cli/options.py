"""The options that commands share, and where they find the configuration."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from hearth.config import Settings, load
from hearth.core.errors import BadConfiguration

# Looked at in this order. On a box it is the last: sudo drops what the environment says.
PLACES = (Path("hearth.toml"), Path("var/hearth.toml"), Path("/etc/hearth/hearth.toml"))

Config = Annotated[
    Path | None,
    typer.Option(
        "--config",
        metavar="FILE",
        help="The configuration; else $HEARTH_CONFIG, ./hearth.toml, ./var/hearth.toml, the box's.",
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON on stdout.")]
As = Annotated[
    str | None,
    typer.Option("--as", metavar="LOGIN", help="The member who speaks; the owner when not given."),
]
Pod = Annotated[str, typer.Option("--pod", metavar="NAME", help="The pod that is meant.")]

out = Console(soft_wrap=True, highlight=False)


def configuration(given: Path | None) -> Path:
    """The configuration file that is meant; BadConfiguration when there is none anywhere."""
    named = given or os.environ.get("HEARTH_CONFIG")
    if named:
        return Path(named).absolute()
    for place in PLACES:
        if place.exists():
            return place.absolute()
    raise BadConfiguration(
        "there is no configuration here",
        where=str(PLACES[0]),
        remedy="Name one with --config FILE, or make a sample household with `hearth sample`.",
    )


def settings_of(given: Path | None) -> Settings:
    """The settings in the configuration that is meant."""
    return load(configuration(given))


def settings_or_default() -> Settings:
    """The settings in the configuration of this place, or the defaults where there is none."""
    if os.environ.get("HEARTH_CONFIG") or any(place.exists() for place in PLACES):
        return settings_of(None)
    return Settings()


def print_json(value: Any) -> None:
    """One JSON document on stdout."""
    typer.echo(json.dumps(value, ensure_ascii=False))
