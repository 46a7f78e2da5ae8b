"""`hearth config`: is the configuration right, and what can it say?"""

from __future__ import annotations

import typer

from hearth.cli.exits import reporting
from hearth.cli.options import AsJson, Config, configuration, out, print_json
from hearth.config import load
from hearth.config.reference import reference as render

app = typer.Typer(no_args_is_help=True, help="The configuration file.")


@app.command()
def check(config: Config = None, as_json: AsJson = False) -> None:
    """Check the configuration; exits 2 and names the key where something is wrong."""
    with reporting(as_json=as_json):
        path = configuration(config)
        settings = load(path)
    if as_json:
        print_json({"path": str(path), "settings": settings.model_dump(mode="json")})
    else:
        out.print(f"{path}: right. Pods: {', '.join(settings.pods) or 'none'}", markup=False)


@app.command()
def reference() -> None:
    """Print docs/configuration.md."""
    typer.echo(render(), nl=False)
