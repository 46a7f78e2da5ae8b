"""The stylesheet: one set of raw colours for each scheme, and words that can be read on them."""

from __future__ import annotations

import re

import pytest

from hearth.web.assets import FOLDER

SHEET = (FOLDER / "hearth.css").read_text(encoding="utf-8")
BLOCKS = re.findall(r":root \{(.*?)\}", SHEET, re.DOTALL)
RAW, DARK, NAMED = (dict(re.findall(r"--([a-z-]+): ([^;]+);", block)) for block in BLOCKS)
WORDS_ON = [
    ("text", "ground"),
    ("text", "surface"),
    ("text", "sunken"),
    ("text", "cited"),
    ("text", "accent-soft"),
    ("text", "bad-soft"),
    ("text-quiet", "ground"),
    ("text-quiet", "surface"),
    ("text-quiet", "sunken"),
    ("accent", "ground"),
    ("accent", "surface"),
    ("accent", "accent-soft"),
    ("on-accent", "accent"),
    ("on-accent", "accent-strong"),
    ("good", "surface"),
    ("good", "good-soft"),
    ("bad", "bad-soft"),
    ("on-accent", "bad"),
]


def luminance(colour: str) -> float:
    """Relative luminance as WCAG 2.2 defines it."""
    parts = (int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5))
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    """The contrast ratio as WCAG 2.2 defines it, from 1 to 21."""
    darker, lighter = sorted((luminance(one), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def raw(name: str, scheme: dict[str, str]) -> str:
    """The raw colour behind a named one."""
    found = re.fullmatch(r"var\(--([a-z-]+)\)", NAMED[name])
    assert found
    return scheme[found[1]]


@pytest.mark.parametrize(("words", "ground"), WORDS_ON)
@pytest.mark.parametrize("scheme", [RAW, RAW | DARK], ids=["light", "dark"])
def test_words_can_be_read(words: str, ground: str, scheme: dict[str, str]) -> None:
    assert contrast(raw(words, scheme), raw(ground, scheme)) >= 4.5


def test_the_dark_scheme_redefines_raw_colours_only() -> None:
    assert DARK.keys() <= RAW.keys()
    assert not DARK.keys() & NAMED.keys()


def test_colours_stand_nowhere_but_at_the_top() -> None:
    rules = SHEET[SHEET.index("/* Ground */") :]
    assert re.findall(r": [^;{}]*#[0-9a-fA-F]{3,8}\b", rules) == []


def test_nothing_is_fetched_from_elsewhere() -> None:
    assert "url(" not in SHEET
    assert "@import" not in SHEET
