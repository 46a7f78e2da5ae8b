"""The appliance's guides name only commands, options, targets and files that there are."""

from __future__ import annotations

import re
import shlex

import click
import pytest
import typer
from flake_files import ROOT

from hearth.cli.main import app
from hearth.ops.backup.kit import STEPS

GUIDES = [
    *(ROOT / "docs" / f"{name}.md" for name in ("install", "operating", "recovery")),
    *(ROOT / "docs" / f"{name}.md" for name in ("connectors", "telegram")),
    ROOT / "hosts" / "template" / "README.md",
]
PAGES = [
    *sorted((ROOT / "docs").glob("*.md")),
    *(ROOT / name for name in ("README.md", "secrets/README.md", "hosts/template/README.md")),
]
BLOCK = re.compile(r"^```sh\n(.*?)^```", re.MULTILINE | re.DOTALL)
COMMAND = re.compile(r"(?:^|\s)hearth ((?:[a-z]+|-).*)")
BLOCKS = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)


def commands() -> list[str]:
    """Each `hearth …` line in the guides' blocks of commands, and on the recovery kit."""
    lines = [
        line
        for page in GUIDES
        for block in BLOCK.findall(page.read_text())
        for line in block.splitlines()
    ]
    lines += [step for step in STEPS if step.startswith("sudo ")]
    return [found[1].split(" > ")[0] for line in lines if (found := COMMAND.search(line))]


@pytest.mark.parametrize("line", sorted(set(commands())))
def test_a_command_exists_with_its_options(line: str) -> None:
    command: click.Command = typer.main.get_command(app)  # type: ignore[assignment,unused-ignore]
    words = shlex.split(line)
    while words and hasattr(command, "commands"):
        command = command.commands[words.pop(0)]
    known = {option for parameter in command.params for option in parameter.opts}
    assert {word for word in words if word.startswith("--")} <= known


def test_options_exist() -> None:
    manual = (ROOT / "docs" / "options.md").read_text().replace("\\<", "<")
    known = re.findall(r"^### (services\.hearth\..+)", manual, re.MULTILINE)
    for page in GUIDES:
        for name in re.findall(r"`(services\.hearth\.[\w.<>]+)", page.read_text()):
            assert any(one == name or one.startswith(f"{name}.") for one in known), (
                page.name,
                name,
            )


def test_make_targets_exist() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    for page in PAGES:
        named = set(re.findall(r"`make ([a-z-]+)", page.read_text()))
        assert named <= targets, page.name


def test_links_lead_somewhere() -> None:
    for page in PAGES:
        text = re.sub(r"`[^`\n]*`", "", page.read_text())
        for link, anchor in re.findall(r"\]\(([^)#:\s]*)(?:#([^)]*))?\)", text):
            target = page.parent / link if link else page
            assert target.exists(), (page.name, link)
            assert not anchor or anchor in anchors(target.read_text()), (page.name, link, anchor)


def anchors(text: str) -> set[str]:
    """What the headings of a page are called in links."""
    headings = re.findall(r"^#+ (.+)", BLOCKS.sub("", text), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


def test_every_alert_is_explained() -> None:
    text = (ROOT / "docs" / "operating.md").read_text()
    for file in (ROOT / "modules" / "platform" / "monitoring" / "alerts").glob("*.yml"):
        for alert in re.findall(r"- alert: (\w+)", file.read_text()):
            assert f"**{alert}**" in text, alert
