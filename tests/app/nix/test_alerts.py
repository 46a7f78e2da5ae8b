"""Each alert says what to do, and every command, option and dashboard that it names is there."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterator

import click
import pytest
import typer
from flake_files import ROOT

from hearth.cli.main import app

ALERTS = ROOT / "modules" / "platform" / "monitoring" / "alerts"
UNITS = ROOT / "tests" / "rendered" / "box" / "etc" / "systemd" / "system"
# What the box has beside Hearth, by what brings it there.
PROGRAMS = {
    "coreutils": {"du", "sort", "tail"},
    "util-linux": {"dmesg"},
    "systemd": {"journalctl", "systemctl", "systemd-cgtop", "timedatectl"},
    "Nix": {"nix-collect-garbage"},
    "NixOS": {"nixos-rebuild"},
    "fail2ban": {"fail2ban-client"},
    "smartmontools": {"smartctl"},
}
OTHERS_UNITS = {"caddy", "prometheus"}
LABELS = {
    "program": "pod-family",
    "pod": "family",
    "name": "hearth-hub.service",
    "engine": "large",
    "device": "sda",
}


def alerts() -> Iterator[tuple[str, str]]:
    """Every alert with its remedy, labels filled in."""
    for file in sorted(ALERTS.glob("*.yml")):
        for rule in re.split(r"^ *- alert: ", file.read_text(), flags=re.MULTILINE)[1:]:
            name, _, rest = rule.partition("\n")
            remedy = " ".join(rest.partition("what_to_do:")[2].replace(">-", "").split())
            yield name, re.sub(r"\{\{ \$labels\.(\w+) \}\}", _label, remedy)


def _label(found: re.Match[str]) -> str:
    return LABELS.get(found[1], "/mnt/data")


REMEDIES = dict(alerts())


def commands(remedy: str) -> list[str]:
    """What stands between backticks and is no place."""
    return [said for said in re.findall(r"`([^`]+)`", remedy) if not said.startswith("/")]


def understands(command: str) -> None:
    """Fail unless the box has the program, and Hearth's own parser or the units know the rest."""
    words = shlex.split(command)
    if words[0] == "hearth":
        parsed: click.Command = typer.main.get_command(app)  # type: ignore[assignment,unused-ignore]
        words = words[1:]
        while words and hasattr(parsed, "commands"):
            assert words[0] in parsed.commands, command
            parsed = parsed.commands[words.pop(0)]
        known = {option for parameter in parsed.params for option in parameter.opts}
        assert set(words) <= known, command
        return
    for part in command.split("|"):
        assert part.split()[0] in set().union(*PROGRAMS.values()), part
    for unit in _units(words):
        assert unit in OTHERS_UNITS or (UNITS / f"{unit}.service").exists(), command


def _units(words: list[str]) -> list[str]:
    if words[0] == "systemctl":
        named = words[2:]
    elif words[0] == "journalctl":
        named = [words[words.index("-u") + 1]]
    else:
        named = []
    return [unit.removesuffix(".service") for unit in named]


def test_there_are_as_many_remedies_as_alerts() -> None:
    text = "".join(file.read_text() for file in ALERTS.glob("*.yml"))
    assert len(REMEDIES) == text.count("- alert:") == text.count("what_to_do:") >= 20


@pytest.mark.parametrize("alert", REMEDIES)
def test_a_remedy_names_something_that_there_is(alert: str) -> None:
    remedy = REMEDIES[alert]
    for command in commands(remedy):
        understands(command)
    manual = (ROOT / "docs" / "options.md").read_text().replace("\\<", "<")
    options = re.findall(r"services\.hearth\.[\w.<>]*\w", remedy)
    for option in options:
        assert f"### {option}\n" in manual, option
    titles = {
        json.loads(file.read_text())["title"]
        for file in (ROOT / "pkgs" / "dashboards").glob("*.json")
    }
    dashboards = re.findall(r"dashboard ([A-Z]\w+)", remedy)
    assert set(dashboards) <= titles
    assert commands(remedy) or options, remedy


@pytest.mark.parametrize(
    "command", ["hearth backup stat", "hearth doctor --deep", "journalctl -u hearth-hob", "htop"]
)
def test_a_command_that_there_is_not_would_be_found(command: str) -> None:
    with pytest.raises(AssertionError):
        understands(command)
