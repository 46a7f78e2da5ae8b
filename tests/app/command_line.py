"""The command line as a person uses it, with one configuration."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from typer.testing import CliRunner, Result

from hearth.cli.main import app


@dataclass(frozen=True)
class CommandLine:
    """`hearth` with one configuration."""

    config: Path

    def __call__(self, *arguments: str, stdin: str | None = None) -> Result:
        """Run a command and return its result."""
        return CliRunner().invoke(app, [*arguments, "--config", str(self.config)], input=stdin)

    def json(self, *arguments: str, exit_code: int = 0) -> Any:
        """A command's JSON, given with the expected exit code."""
        result = self(*arguments, "--json")
        assert result.exit_code == exit_code, result.output
        return json.loads(result.stdout)


def run(*arguments: str) -> Result:
    """`hearth` without a configuration option."""
    return CliRunner().invoke(app, arguments)
