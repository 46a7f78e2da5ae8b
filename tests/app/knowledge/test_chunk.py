"""Passages: cut at seams, and always to be found again in their lines."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hearth.knowledge.chunk import MOST_WORDS, PAGE_END, chunk, headings

SENTENCE = "The quick brown fox jumps over the lazy dog near the old stone bridge. "
LINES = st.one_of(
    st.sampled_from(["", "# Heading", "## Other", "- item", "1. first", "```", "===", "| a | b |"]),
    st.text(st.characters(codec="utf-8", exclude_characters="\n\f"), max_size=40),
    st.integers(1, 400).map(lambda count: "word " * count),
    st.integers(1, 4_000).map(lambda count: "x" * count),
)


@settings(deadline=None)
@given(st.lists(LINES, max_size=25).map("\n".join), st.booleans())
def test_every_passage_is_a_piece_of_its_lines_and_no_word_is_lost(
    text: str, markdown: bool
) -> None:
    pieces = chunk(text, markdown=markdown)
    lines = text.split("\n")
    for piece in pieces:
        assert 1 <= piece.first_line <= piece.last_line <= len(lines)
        assert piece.text in "\n".join(lines[piece.first_line - 1 : piece.last_line])
        assert piece.text.strip()
        assert len(piece.text.split()) <= MOST_WORDS
    assert "".join("".join(piece.text for piece in pieces).split()) == "".join(text.split())


@given(st.lists(st.lists(LINES, max_size=6).map("\n".join), min_size=1, max_size=4))
def test_passages_of_pages_name_their_page(pages: list[str]) -> None:
    for piece in chunk(PAGE_END.join(pages), paged=True):
        assert piece.page is not None
        lines = pages[piece.page - 1].split("\n")
        assert piece.text in "\n".join(lines[piece.first_line - 1 : piece.last_line])


def test_a_short_document_is_one_passage() -> None:
    text = "# Keys\n\n- The cellar key hangs inside.\n\n## Bulbs\n\n- E27\n"
    [only] = chunk(text, markdown=True)
    assert (only.first_line, only.last_line, only.heading) == (1, 7, "Keys")


def test_a_long_document_is_cut_at_its_headings() -> None:
    sections = [f"## Part {number}\n\n{SENTENCE * 7}" for number in range(4)]
    pieces = chunk("\n\n".join(sections), markdown=True)
    assert [piece.heading for piece in pieces] == ["Part 0", "Part 1", "Part 2", "Part 3"]
    assert [piece.first_line for piece in pieces] == [1, 5, 9, 13]


def test_a_heading_is_not_torn_from_what_follows() -> None:
    text = f"# A\n\n{SENTENCE * 13}\n\n## B\n\n{SENTENCE * 13}\n"
    assert [piece.text[:3] for piece in chunk(text, markdown=True)] == ["# A", "## "]


def test_list_items_stay_whole() -> None:
    items = [f"- number {at}: {SENTENCE}" for at in range(40)]
    for piece in chunk("\n".join(items), markdown=True):
        assert piece.text.startswith("- number")
        assert piece.text.rstrip().endswith("bridge.")


def test_one_endless_line_is_cut_after_sentences() -> None:
    pieces = chunk(SENTENCE * 60)
    assert len(pieces) > 3
    assert all(piece.text.endswith("bridge.") for piece in pieces)
    assert {(piece.first_line, piece.last_line) for piece in pieces} == {(1, 1)}


def test_code_is_not_taken_for_headings() -> None:
    text = "# Real\n\n```\n# a comment\n```\n\n## Second\n"
    assert list(headings(text, markdown=True)) == ["Real", "Second"]


@pytest.mark.parametrize("text", ["", "\n \n\t\n"])
def test_nothing_gives_nothing(text: str) -> None:
    assert chunk(text) == []
    assert chunk(text, paged=True) == []
