"""Asking the papers: quoted, cited, opened at the place, or honestly not found."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pod_house import LETTER, House, ask, pdf

from hearth.core.errors import NotFound
from hearth.tools import documents
from hearth.tools.base import ToolFolder
from hearth.tools.documents.quoting import quote, sentences


@pytest.fixture
def papers(house: House) -> ToolFolder:
    house.write("landlord.txt", LETTER)
    house.write("soup.md", "# Soup\n\n- 300 g lentils\n- 2 carrots\n\nCook for 20 minutes.")
    house.write("broken.docx", b"PK\x03\x04")
    house.sync()
    house.embed()
    return documents.folder(house.dependencies())


def test_the_answer_quotes_and_cites(papers: ToolFolder) -> None:
    result = ask(papers, "documents_search", "What does the letter say about the boiler?")
    assert result.found
    assert "the boiler will be serviced on 8 December 2026." in result.answer
    assert result.answer.endswith("[1]")
    citation = result.facts[0].citation
    assert citation is not None
    assert (citation.number, citation.kind, citation.source) == (1, "passage", "landlord.txt")
    assert citation.locator == "lines 1–12"
    assert len(citation.snippet) <= 300


def test_a_citation_opens_its_document_with_the_lines_marked(
    papers: ToolFolder, house: House
) -> None:
    lines = "\n".join(f"filler {number}" for number in range(300))
    house.write("long.txt", f"{lines}\n\nThe xylophone is in the attic.\n\n{lines}")
    house.sync()
    house.embed()
    [fact, *_] = ask(papers, "documents_search", "Where is the xylophone?").facts
    assert fact.citation is not None
    view = papers.openers["passage"](fact.citation.ref.removeprefix("passage:"))
    assert view.ref == fact.citation.ref
    cited = [line for line in view.lines if line.cited]
    assert any(line.number == 302 and "xylophone" in line.text for line in cited)
    assert fact.citation.locator == "line 302"
    assert view.lines[0].number < cited[0].number
    assert len(view.lines) == len(cited) + 40


def test_a_page_of_a_pdf_is_opened_at_its_line(papers: ToolFolder, house: House) -> None:
    house.write("deed.pdf", pdf(["First page"], ["The cellar has number 14.", "", "Signed."]))
    house.sync()
    chunk = house.search("cellar number")[0].chunk
    view = papers.openers["passage"](str(chunk))
    assert view.locator == "page 2, lines 1–3"
    assert [line.text for line in view.lines] == ["The cellar has number 14.", "", "Signed."]


def test_an_endless_line_is_opened_at_the_passage(papers: ToolFolder, house: House) -> None:
    house.write("flat.txt", "padding words " * 2_000 + "the treasure is buried. " + "more " * 2_000)
    house.sync()
    [best, *_] = house.search("treasure")
    [line] = papers.openers["passage"](str(best.chunk)).lines
    assert "treasure" in line.text
    assert len(line.text) < 2_500


@pytest.mark.parametrize("key", ["999", "", "x", "-1", "1; DROP", "٣", "9" * 40])
def test_an_unknown_passage_is_not_found(papers: ToolFolder, key: str) -> None:
    with pytest.raises(NotFound):
        papers.openers["passage"](key)


def test_nowhere_means_that_it_does_not_know(papers: ToolFolder) -> None:
    result = ask(papers, "documents_search", "Which dentist treats Mia?")
    assert not result.found
    assert result.facts == ()
    assert "don't know" in result.answer


def test_a_follow_up_leans_on_the_question_before(papers: ToolFolder) -> None:
    before = "What does the landlord say about the boiler?"
    assert not ask(papers, "documents_search", "And on which day?").found
    result = ask(papers, "documents_search", "And on which day?", before)
    assert "8 December" in result.answer


def test_the_models_words_are_added_to_the_members(papers: ToolFolder) -> None:
    result = ask(papers, "documents_search", "What about it?", about="boiler service")
    assert "8 December" in result.answer


def test_documents_are_listed_with_what_could_not_be_read(papers: ToolFolder) -> None:
    answer = ask(papers, "documents_list", "What documents do we have?").answer
    assert answer.startswith("There are 3 documents")
    assert "- Heating maintenance (landlord.txt)" in answer
    assert "could not be read" in answer


def test_an_empty_library_says_how_to_fill_it(house: House) -> None:
    folder = documents.folder(house.dependencies())
    assert "no documents yet" in ask(folder, "documents_list", "What documents?").answer


def test_sentences_keep_abbreviations_and_lose_markup() -> None:
    text = "# Vet\n\n- **Minka** sees Dr. Petersen. She is well.\n- `E27` at most 9 watts"
    assert list(sentences(text)) == [
        "Vet",
        "Minka sees Dr. Petersen.",
        "She is well.",
        "E27 at most 9 watts",
    ]


def test_a_question_for_a_figure_prefers_one() -> None:
    text = "The trip is a school trip. It is fun for all. The trip is 286 euros a child."
    assert quote(text, "", "How much is the trip?", 40).endswith("286 euros a child.")


def test_a_word_of_the_title_weighs_little() -> None:
    text = "Car insurance is a contract. Rain falls. You pay the excess of 150 euros."
    assert "excess" in quote(text, "Car insurance", "What is the excess on the car insurance?", 45)


@given(st.text(max_size=600), st.text(max_size=60), st.integers(20, 300))
def test_a_quotation_has_its_size_and_only_words_of_the_text(
    text: str, question: str, most: int
) -> None:
    quoted = quote(text, "", question, most, most)
    assert len(quoted) <= most
    bare = "".join(quoted.removesuffix("…").split())
    pieces = iter("".join(text.split()))
    assert all(mark in pieces for mark in bare)
