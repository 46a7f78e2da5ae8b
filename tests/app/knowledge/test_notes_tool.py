"""Notes: proposed, stored, found at once, and gone again."""

from __future__ import annotations

import json

import pytest
from pod_house import House, ask

from hearth.core.errors import BadInput, Conflict, NotFound
from hearth.tools import documents, notes
from hearth.tools.notes.adding import noted
from hearth.tools.notes.writer import NOTE_CHARACTERS


@pytest.mark.parametrize(
    ("request_", "text"),
    [
        ("Remember that the bins go out on Thursdays", "The bins go out on Thursdays."),
        ("remember the bins go out on Thursdays.", "The bins go out on Thursdays."),
        ("Please remember that I parked in row C", "I parked in row C."),
        ("Note: the plumber uses the back door", "The plumber uses the back door."),
        ("Please note down that Ben hates peas, thanks!", "Ben hates peas."),
        ("Can you make a note that the key is with Ada?", "The key is with Ada?"),
        ("Don't forget that Mia has the red bag", "Mia has the red bag."),
        ("Hearth, keep in mind: we are vegetarians", "We are vegetarians."),
        ("Write down “the code is 1234”", "The code is 1234."),
        ("Remember   my shoe size is\n 43", "My shoe size is 43."),
        ("What do you remember about bins?", ""),
        ("Remember", ""),
        ("The bins go out on Thursdays", ""),
    ],
)
def test_what_is_to_be_remembered_is_taken_from_the_request(request_: str, text: str) -> None:
    assert noted(request_) == text


def propose(house: House, request: str, **arguments: str) -> dict[str, str]:
    result = ask(notes.folder(house.dependencies()), "notes_add", request, **arguments)
    [proposal] = result.proposals
    assert proposal.writer == "notes.add"
    assert proposal.change["text"] in proposal.sentence
    return dict(json.loads(json.dumps(proposal.change)))


def confirm(house: House, change: dict[str, str]) -> dict[str, int]:
    [writer] = notes.folder(house.dependencies()).writers
    with house.database.write() as session:
        return writer.apply(session, change, "Anna")


def undo(house: House, change: dict[str, int]) -> None:
    [writer] = notes.folder(house.dependencies()).writers
    with house.database.write() as session:
        writer.revert(session, change)


def test_proposing_stores_nothing(house: House) -> None:
    propose(house, "Remember that the bins go out on Thursdays")
    assert house.search("bins") == []


def test_a_confirmed_note_is_found_at_once_and_opened(house: House) -> None:
    confirm(house, propose(house, "Remember that the bins go out on Thursdays"))
    folder = documents.folder(house.dependencies())
    result = ask(folder, "documents_search", "When do the bins go out?")
    assert result.answer == "A note added by Anna says: “The bins go out on Thursdays.” [1]"
    [fact] = result.facts
    assert fact.citation is not None
    assert (fact.citation.kind, fact.citation.source) == ("note", "added by Anna")
    assert fact.text.startswith("Note of 23 November 2026")
    view = folder.openers["passage"](fact.citation.ref.removeprefix("passage:"))
    assert [(line.text, line.cited) for line in view.lines] == [
        ("The bins go out on Thursdays.", True)
    ]


def test_an_undone_note_is_gone_from_every_index(house: House) -> None:
    change = confirm(house, propose(house, "Remember that the bins go out on Thursdays"))
    house.embed()
    undo(house, change)
    assert house.search("When do the bins go out?") == []
    with pytest.raises(NotFound):
        documents.folder(house.dependencies()).openers["passage"]("1")
    with pytest.raises(Conflict):
        undo(house, change)


def test_a_sync_leaves_notes_alone(house: House) -> None:
    confirm(house, {"text": "The bins go out."})
    assert house.sync().removed == 0
    assert house.search("bins")


def test_the_models_words_serve_where_the_request_is_put_otherwise(house: House) -> None:
    change = propose(house, "One more thing for you", text="the gate code is 77")
    assert change["text"] == "The gate code is 77."


@pytest.mark.parametrize("request_", ["Remember", "Remember " + "that " + "x " * NOTE_CHARACTERS])
def test_nothing_or_too_much_is_asked_again(house: House, request_: str) -> None:
    result = ask(notes.folder(house.dependencies()), "notes_add", request_)
    assert result.proposals == ()
    assert result.verbatim


@pytest.mark.parametrize("text", ["", "  ", "x" * (NOTE_CHARACTERS + 1)])
def test_a_bad_change_is_refused(house: House, text: str) -> None:
    with pytest.raises(BadInput):
        confirm(house, {"text": text})
    assert house.inbox.documents() == []


def test_notes_are_listed_newest_first(house: House) -> None:
    folder = notes.folder(house.dependencies())
    assert "Nothing is noted yet" in ask(folder, "notes_list", "What do you remember?").answer
    for text in ("One.", "Two."):
        confirm(house, {"text": text})
    result = ask(folder, "notes_list", "What do you remember?")
    assert result.answer.splitlines()[1:] == ["- Two. [1]", "- One. [2]"]
    assert [fact.citation.snippet for fact in result.facts if fact.citation] == ["Two.", "One."]
