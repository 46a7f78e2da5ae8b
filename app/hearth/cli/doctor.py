"""`hearth doctor`: is everything well, and if not, what to do."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict

import typer
from rich.markup import escape

from hearth.cli.exits import reporting
from hearth.cli.options import AsJson, Config, configuration, out, print_json
from hearth.config import load
from hearth.ops.doctor import Finding, examine


def doctor(config: Config = None, as_json: AsJson = False) -> None:
    """Look at programs, models, databases, disk and alerts. Exits 1 if anything is wrong."""
    with reporting(as_json=as_json):
        path = configuration(config)
        findings = list(examine(load(path), path))
    well = all(finding.ok for finding in findings)
    if as_json:
        print_json({"ok": well, "findings": [asdict(finding) for finding in findings]})
    else:
        show(findings)
    raise typer.Exit(0 if well else 1)


def show(findings: Sequence[Finding]) -> None:
    """Print findings, what is wrong with its remedy."""
    width = max(len(finding.what) for finding in findings)
    for finding in findings:
        fine = "[yellow]look [/yellow]" if finding.remedy else "[green]ok   [/green]"
        mark = fine if finding.ok else "[red]wrong[/red]"
        out.print(f"{mark}  {escape(finding.what):<{width}}  {escape(finding.detail)}")
        if finding.remedy:
            out.print(f"{'':{width + 9}}[yellow]{escape(finding.remedy)}[/yellow]")
    # The last line alone has to say which: a failed update quotes no more of it.
    wrong = [finding.what for finding in findings if not finding.ok]
    out.print(
        f"{len(wrong)} of {len(findings)} need attention: {escape(', '.join(wrong))}."
        if wrong
        else "All is well.",
        soft_wrap=True,
    )
