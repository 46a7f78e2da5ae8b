"""docs/options.md lists what the modules declare. Nix makes it; here the names are compared."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import options_manual
from flake_files import ROOT

PAGE = (ROOT / "docs" / "options.md").read_text()
DECLARATION = re.compile(
    r"^(?P<indent> *)(?P<name>[\w.]+) = (?:mkOption \{|mkEnableOption|mkPackageOption|size \")",
    re.MULTILINE,
)


def declared(module: Path) -> Iterator[str]:
    """The last word of each option of a module that is not internal."""
    text = module.read_text()
    for found in DECLARATION.finditer(text):
        end = text.find(f"\n{found['indent']}}}", found.end())
        if found[0].endswith("{") and "internal = true" in text[found.end() : end]:
            continue
        yield found["name"].split(".")[-1]


def documented() -> set[tuple[str, str]]:
    """The last word of each option on the page, with the module that declares it."""
    sections = re.split(r"^### ", PAGE, flags=re.MULTILINE)[1:]
    return {
        (place, section.splitlines()[0].split(".")[-1])
        for section in sections
        for line in re.findall(r"^- Declared in .+", section, re.MULTILINE)
        for place in re.findall(r"\[(.+?)\]", line)
    }


def test_every_option_is_documented() -> None:
    modules = sorted((ROOT / "modules").rglob("*.nix"))
    assert modules
    here = {(str(m.relative_to(ROOT)), name) for m in modules for name in declared(m)}
    assert here <= documented(), "make options NIXPKGS=dir"


def test_nothing_is_documented_that_is_gone() -> None:
    for place, name in documented():
        assert name in (ROOT / place).read_text(), f"{name}: make options NIXPKGS=dir"


def test_an_option_is_one_entry() -> None:
    page = options_manual.manual(
        [
            {
                "name": "services.hearth.pods.<name>.title",
                "type": "string",
                "readOnly": False,
                "description": "Name that members see.\n",
                "default": '"Family"',
                "example": "{\n  a = 1;\n}",
                "declared": ["modules/hearth/pods.nix"],
            },
            {
                "name": "services.hearth.enable",
                "type": "boolean",
                "readOnly": True,
                "description": "Whether.",
                "declared": ["modules/hearth/options.nix"],
            },
        ]
    )
    assert page.index("## The whole house") < page.index("## pods")
    assert "### services.hearth.pods.\\<name>.title\n\nName that members see.\n" in page
    assert '- Default: `"Family"`' in page
    assert "  ```nix\n  {\n    a = 1;\n  }\n  ```" in page
    assert "- Read only" in page
    assert "[modules/hearth/pods.nix](../modules/hearth/pods.nix)" in page
