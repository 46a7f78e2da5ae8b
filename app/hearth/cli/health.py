"""`hearth health`: the gate that a new version has to pass."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer

from hearth.cli.doctor import show
from hearth.cli.exits import reporting
from hearth.cli.options import AsJson, Config, configuration, print_json
from hearth.config import load
from hearth.ops.gate import gate


def health(
    wait: Annotated[
        float, typer.Option(metavar="SECONDS", min=0, help="How long all may take to be well.")
    ] = 0.0,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Ask every program whether it is well, on databases it knows. Exits 6 when one is not."""
    with reporting(as_json=as_json):
        path = configuration(config)
        findings = gate(load(path), path, wait)
    well = all(finding.ok for finding in findings)
    if as_json:
        print_json({"ok": well, "findings": [asdict(finding) for finding in findings]})
    else:
        show(findings)
    raise typer.Exit(0 if well else 6)
