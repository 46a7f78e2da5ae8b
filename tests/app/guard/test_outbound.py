"""What leaves: sentences that the evidence carries, and the tool's own words instead of others."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from hearth.core.drafts import Draft, Evidence, Words
from hearth.core.tools import Fact, ToolResult
from hearth.core.turns import Citation, ToolCall
from hearth.guard.outbound import Released, markers, outbound, sentences

LETTER = ToolResult(
    answer="The letter says: “Heating maintenance is on 3 December between 9:00 and 12:00.” [1]",
    facts=(
        Fact(
            text="Heating maintenance is on 3 December between 9:00 and 12:00. Call Mr Weber.",
            citation=Citation(
                number=1, ref="passage:1", kind="passage", title="Letter", source="letter.pdf"
            ),
        ),
    ),
)
TOTAL = ToolResult(
    answer="You spent €512.37 on groceries in October 2026.",
    facts=(Fact(text="total spent on groceries in October 2026: €512.37 (23 payments)"),),
)


def released(result: ToolResult, *pieces: str, question: str = "When?") -> list[Released]:
    async def drafts() -> AsyncIterator[Draft]:
        yield Evidence(ToolCall(tool="t"), result)
        for piece in pieces:
            yield Words(piece)

    async def collect() -> list[Released]:
        parts = [part async for part in outbound(drafts(), question)]
        assert isinstance(parts[0], Evidence)
        return [part for part in parts if isinstance(part, Released)]

    return asyncio.run(collect())


def test_carried_sentences_pass_one_by_one_however_they_arrive() -> None:
    answer = "Maintenance is on 3 December [1]. Call Mr Weber."
    out = released(LETTER, *answer)
    assert "".join(part.text for part in out) == answer
    assert len(out) == 2
    assert not any(part.own for part in out)


@pytest.mark.parametrize(
    "wrong",
    [
        "Maintenance is on 4 December [1].",  # another date
        "Maintenance is on 3 December at 10:30 [1].",  # another time
        "Maintenance is on 3 December. Call Mrs Schmidt.",  # another name
        "Maintenance is on 3 December [2].",  # a source that is not there
        "Maintenance is on Friday.",  # a weekday that no source gives
        "Paris remains a lovely capital with plenty museums.",  # nothing to do with it
    ],
)
def test_what_the_evidence_does_not_carry_is_replaced_by_the_tools_words(wrong: str) -> None:
    out = released(LETTER, wrong)
    assert out[-1].own
    assert out[-1].text.strip() == LETTER.answer


def test_a_last_sentence_that_was_cut_off_is_left_out() -> None:
    out = released(LETTER, "Maintenance is on 3 December [1]. It is between 9:00 and")
    assert "".join(part.text for part in out).strip() == "Maintenance is on 3 December [1]."
    assert "".join(part.text for part in released(LETTER, "3 December")) == "3 December"


def test_no_words_at_all_leave_the_tools_answer() -> None:
    assert released(LETTER) == [Released(LETTER.answer, own=True)]


def test_not_knowing_is_said_once_and_alone() -> None:
    out = released(LETTER, "I don't know. Perhaps ask Mr Weber.")
    assert out == [Released("", unknown=True)]


def test_an_answer_without_the_computed_figure_gets_it() -> None:
    out = released(TOTAL, "You spent money on groceries in October 2026.")
    assert out[-1] == Released("\n\n" + TOTAL.answer, own=True)
    assert released(TOTAL, "You spent €512.37.") == [Released("You spent €512.37.")]


def test_what_was_computed_is_known_whatever_the_model_says() -> None:
    assert released(TOTAL, "I don't know.") == [Released(TOTAL.answer, own=True)]


def test_a_passage_that_says_it_all_is_quoted_whatever_the_model_says() -> None:
    sure = LETTER.model_copy(update={"sure": True})
    assert released(sure, "I don't know.") == [Released(LETTER.answer, own=True)]


def test_sentences_keep_every_character_and_are_not_cut_at_abbreviations() -> None:
    text = "Ask Mr. Weber at 3.5 km. It is [1] fine! Yes\nNo"
    assert "".join(sentences(text)) == text
    assert sentences(text)[0] == "Ask Mr. Weber at 3.5 km. "


def test_markers_are_read_in_order_once() -> None:
    assert markers("b [2] a [1, 2]") == [1, 2]
