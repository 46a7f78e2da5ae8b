"""The words of a question."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from hearth.core.terms import content_words, stems, words


def test_grammar_is_dropped_and_meaning_kept() -> None:
    question = "What does the landlord's letter say about the heating?"
    assert content_words(question) == ["landlord", "heating"]


def test_forms_of_a_word_share_a_stem() -> None:
    assert stems("heated heating heats") == stems("HEAT")
    assert stems("payments") == stems("payment")


def test_accents_and_case_do_not_matter() -> None:
    assert words("Café MÜLLER") == ["cafe", "muller"]


def test_figures_count_and_single_letters_do_not() -> None:
    assert content_words("fuse 7 b") == ["fuse", "7"]


@given(st.text())
def test_any_text_has_words(text: str) -> None:
    for word in words(text):
        assert word
        assert not word.isspace()
    assert set(content_words(text)) <= set(words(text))
