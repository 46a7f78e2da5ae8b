"""Passages for a question, by words and by meaning."""

from __future__ import annotations

from pathlib import Path

import pytest
from fakes import HashingEmbedder
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pod_house import LETTER, Away, House, build_house, pdf

from hearth.core.terms import content_words
from hearth.store.database import Database


def test_an_empty_pod_finds_nothing(house: House) -> None:
    assert house.search("anything at all") == []


def test_a_passage_tells_its_place_and_its_measures(house: House) -> None:
    house.write("letter.txt", LETTER)
    house.write("soup.md", "# Soup\n\nBoil the lentils.")
    house.sync()
    house.embed()
    best = house.search("When is the boiler serviced, please?")[0]
    assert (best.kind, best.title, best.source) == ("passage", "Heating maintenance", "letter.txt")
    assert best.locator == "lines 1–12"
    assert best.overlap == 1.0
    assert 0 < best.similarity <= 1


def test_overlap_is_the_share_of_content_words(house: House) -> None:
    house.write("a.txt", "the boiler is old")
    house.sync()
    assert house.search("is the boiler insured?")[0].overlap == 0.5


def test_copies_of_a_text_are_one_passage(house: House) -> None:
    for name in ("one.txt", "two.txt", "three.txt"):
        house.write(name, LETTER)
    house.write("other.txt", "The boiler room is in the cellar.")
    house.sync()
    house.embed()
    assert [one.title for one in house.search("boiler")].count("Heating maintenance") == 1
    assert len(house.search("boiler")) == 2


def test_the_limit_is_kept(house: House) -> None:
    for number in range(9):
        house.write(f"{number}.txt", f"boiler {number} " + "different words " * number)
    house.sync()
    assert len(house.search("boiler", limit=3)) == 3


def test_words_alone_serve_while_the_embedder_is_away(
    house: House, tmp_path: Path, database: Database
) -> None:
    house.write("letter.txt", LETTER)
    house.sync()
    house.embed()
    [found] = build_house(tmp_path, database, Away()).search("boiler")
    assert (found.overlap, found.similarity) == (1.0, 0.0)


def test_what_is_too_new_for_the_index_is_measured_all_the_same(house: House) -> None:
    house.write("letter.txt", LETTER)
    house.sync()
    fresh = house.search("boiler service")[0]
    house.embed()
    assert house.search("boiler service")[0].similarity == pytest.approx(fresh.similarity, abs=1e-6)
    assert fresh.similarity > 0


def test_the_new_stands_with_the_old_before_it_is_embedded(house: House) -> None:
    for number in range(15):
        house.write(f"{number}.txt", f"On Thursdays the bins of number {number} stay in.")
    house.sync()
    house.embed()
    house.write("new.txt", "The brown bins go out on odd Thursdays.")
    house.sync()
    assert house.search("When do the brown bins go out?")[0].source == "new.txt"


def test_a_passage_of_a_pdf_names_its_page(house: House) -> None:

    house.write("deed.pdf", pdf(["Nothing here"], ["", "The boiler belongs to the house."]))
    house.sync()
    assert house.search("boiler")[0].locator == "page 2, line 1"


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.text(max_size=80))
def test_any_question_is_answered_with_measures_in_range(house: House, question: str) -> None:
    if not house.inbox.documents():
        house.write("letter.txt", LETTER)
        house.sync()
        house.embed()
    for one in house.search(question):
        assert 0 <= one.overlap <= 1
        assert -1.001 <= one.similarity <= 1.001
        assert one.overlap == 0 or content_words(question)


def test_the_same_question_has_the_same_answer_after_a_restart(
    house: House, tmp_path: Path
) -> None:
    for number in range(12):
        house.write(f"{number}.txt", f"Paper {number} about the boiler and {'flat ' * number}")
    house.sync()
    house.embed()
    before = house.search("boiler flat 7")
    again = build_house(tmp_path, house.database, HashingEmbedder())
    assert again.search("boiler flat 7") == before
