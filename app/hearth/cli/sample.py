"""`hearth sample`: a fictional household to try Hearth with."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path
from typing import Annotated

import typer

from hearth.cli.exits import reporting
from hearth.cli.options import AsJson, out, print_json
from hearth.core.errors import BadConfiguration
from hearth.ops.sample import write_configuration, write_household
from hearth.ops.sample.days import HOME


def sample(
    into: Annotated[Path, typer.Option(metavar="DIR", help="Where to; made if missing.")] = Path(
        "var"
    ),
    today: Annotated[
        datetime | None,
        typer.Option(formats=["%Y-%m-%d"], help="The day that everything is dated around."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Write a sample household (DIR/household) and a configuration for it (DIR/hearth.toml).

    A configuration that is there stays as it is; the household's files are written anew.
    """
    day = today.date() if today else datetime.now(HOME).date()
    with reporting(as_json=as_json):
        paths = _write(into, day)
    if as_json:
        print_json({"today": day.isoformat(), "files": [str(path) for path in paths]})
    else:
        out.print(f"{len(paths)} files in {into / 'household'}, dated around {day}", markup=False)
        out.print(f"hearth up --config {into / 'hearth.toml'}", markup=False)


def _write(into: Path, day: date) -> list[Path]:
    try:
        paths = write_household(into / "household", day)
    except ImportError as error:
        raise BadConfiguration(
            f"the sample needs the Python package {error.name!r}",
            remedy="Install Hearth with its extra: pip install 'hearth[sample]'.",
        ) from error
    configuration = into / "hearth.toml"
    if not configuration.exists():
        write_configuration(configuration)
    return paths
