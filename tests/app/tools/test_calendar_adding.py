"""New events: proposed from the member's own words, entered once confirmed, and taken back."""

from __future__ import annotations

from typing import Any

import pytest
from diaries import NOW, Pod, refs
from sqlalchemy import update

from hearth.core.errors import BadInput, Conflict
from hearth.core.people import Right
from hearth.core.tools import ToolResult
from hearth.core.turns import Proposal
from hearth.store.pod.tables import CalendarItemRow

CHANGE = {
    "title": "Dentist (Mia)",
    "start": "2026-11-24T15:30:00+01:00",
    "end": "2026-11-24T16:30:00+01:00",
}


def only(result: ToolResult) -> Proposal:
    (proposal,) = result.proposals
    assert result.verbatim
    return proposal


def confirm(pod: Pod, change: dict[str, Any], actor: str = "Anna") -> dict[str, Any]:
    with pod.database.write() as session:
        return pod.writer.apply(session, change, actor)


def undo(pod: Pod, undo: dict[str, Any]) -> None:
    with pod.database.write() as session:
        pod.writer.revert(session, undo)


@pytest.mark.parametrize(
    ("request_", "arguments", "sentence"),
    [
        (
            "Add dentist on Tuesday at 15:30 for Mia",
            {"title": "dentist", "when": "on Tuesday at 15:30", "who": "Mia"},
            "Add “Dentist (Mia)” on Tuesday 24 November 2026, 15:30–16:30.",
        ),
        (
            "Add dentist on Tuesday at 15:30 for Mia",
            {"title": "Dental Appointment with Dr. Smith", "when": "2023-10-10"},
            "Add “Dentist (Mia)” on Tuesday 24 November 2026, 15:30–16:30.",
        ),
        (
            "Put lunch with Grandma on Sunday at noon into the calendar",
            {"title": "lunch with Grandma"},
            "Add “Lunch with Grandma” on Sunday 29 November 2026, 12:00–13:00.",
        ),
        (
            "Please schedule a haircut for Ben next Friday at 4 pm",
            {},
            "Add “Haircut (Ben)” on Friday 4 December 2026, 16:00–17:00.",
        ),
        (
            "We have dinner with the Webers on Saturday at 19:00, please add it",
            {"title": "dinner with the Webers"},
            "Add “Dinner with the Webers” on Saturday 28 November 2026, 19:00–20:00.",
        ),
        (
            "New event: school concert on 3 December from 18:00 to 20:00",
            {"title": "school concert"},
            "Add “School concert” on Thursday 3 December 2026, 18:00–20:00.",
        ),
        (
            "Book the car service on 12 December at 8:00 for 2 hours at Autohaus Kern",
            {"title": "car service", "place": "Autohaus Kern"},
            "Add “Car service” on Saturday 12 December 2026, 08:00–10:00, at Autohaus Kern.",
        ),
        (
            "Add Ben's party on 5 December",
            {"title": "Ben's party", "who": "Ben"},
            "Add “Ben's party” on Saturday 5 December 2026, all day.",
        ),
        (
            "Add ski trip from 27 December to 2 January",
            {"title": "ski trip"},
            "Add “Ski trip” on Sunday 27 December 2026 to Saturday 2 January 2027, all day.",
        ),
        (
            "Enter choir every Thursday at 20:00",
            {"title": "choir"},
            "Add “Choir” on Thursday 26 November 2026, 20:00–21:00, every week from then on.",
        ),
        (
            "Add night train on Friday from 22:00 to 6:30",
            {"title": "night train"},
            "Add “Night train” on Friday 27 November 2026, 22:00 to Saturday 28 November 2026, 06:30.",  # noqa: E501
        ),
    ],
)
def test_the_proposal_states_what_when_and_for_whom(
    pod: Pod, request_: str, arguments: dict[str, str], sentence: str
) -> None:
    assert only(pod.ask("add", request_, **arguments)).sentence == sentence


@pytest.mark.parametrize(
    ("request_", "question"),
    [
        ("Add dentist for Mia", "On which day, and at what time, is “Dentist (Mia)”?"),
        ("Add dentist next week", "On which day is “Dentist”?"),
        ("Add dentist on Tuesday afternoon", "At what time on Tuesday 24 November 2026"),
        ("Add dentist on 31 February at 10:00", "The calendar has no “31 February”."),
        ("Add dentist on Wednesday 24 November", "that day is Tuesday 24 November 2026"),
        ("Add dentist on 3/4/2027 at 10:00", "can be read as two different days"),
        ("Add dentist yesterday at 10:00", "is in the past"),
        ("Add an appointment tomorrow at 10:00", "What should the event be called?"),
    ],
)
def test_what_is_missing_is_asked_back(pod: Pod, request_: str, question: str) -> None:
    result = pod.ask("add", request_, title="dentist", when="tomorrow at 10:00")
    assert question in result.answer
    assert result.answer.count("?") >= 1
    assert result.proposals == ()
    assert result.found


def test_the_answer_to_a_question_completes_the_event(pod: Pod) -> None:
    result = pod.ask("add", "On Thursday at 10", "Add dentist for Mia")
    assert only(result).sentence == (
        "Add “Dentist (Mia)” on Thursday 26 November 2026, 10:00–11:00."
    )


def test_what_is_on_at_that_time_is_said_and_cited(family: Pod) -> None:
    result = family.ask("add", "Add dentist on Tuesday at 17:15 for Mia", title="dentist")
    clash = "At that time there is already Swim training Mia (17:00–18:30)"
    assert f"{clash} [1]" in result.answer
    assert only(result).sentence.endswith(f"{clash}.")
    assert len(refs(result)) == 1


def test_only_who_may_propose_gets_the_tool(pod: Pod) -> None:
    rights = {tool.name: tool.right for tool in pod.folder.tools}
    assert rights["calendar_add"] is Right.PROPOSE
    assert rights["calendar_agenda"] is rights["calendar_find"] is Right.ASK


def test_nothing_is_entered_before_it_is_confirmed(pod: Pod) -> None:
    proposal = only(pod.ask("add", "Add dentist on Tuesday at 15:30 for Mia", title="dentist"))
    assert "nothing is in the calendar" in pod.ask("agenda", "What is on on Tuesday?").answer
    confirm(pod, proposal.change)
    answer = pod.ask("agenda", "What is on on Tuesday?").answer
    assert "- 15:30–16:30 Dentist (Mia) [1]" in answer


def test_an_added_event_says_who_added_it_and_opens_in_plain_words(pod: Pod) -> None:
    confirm(pod, CHANGE, actor="Jonas")
    (ref,) = refs(pod.ask("find", "When is the dentist?", about="dentist"))
    view = pod.open(ref)
    assert view.source == "added by Jonas"
    assert [line.text for line in view.lines] == [
        "Dentist (Mia)",
        "Tuesday 24 November 2026, 15:30–16:30",
        "added by Jonas",
    ]
    assert all(line.cited for line in view.lines)


def test_undo_takes_it_out_again(pod: Pod) -> None:
    token = confirm(pod, CHANGE)
    undo(pod, token)
    assert not pod.ask("find", "When is the dentist?", about="dentist").found
    with pytest.raises(Conflict):
        undo(pod, token)


def test_undo_leaves_an_event_that_was_changed_since(pod: Pod) -> None:
    token = confirm(pod, CHANGE)
    with pod.database.write() as session:
        row = CalendarItemRow
        session.execute(update(row).values(ics=row.ics + "\r\n"))
    with pytest.raises(Conflict):
        undo(pod, token)
    assert pod.ask("find", "When is the dentist?", about="dentist").found


def test_a_repeating_event_and_a_whole_day_are_entered_as_such(pod: Pod) -> None:
    confirm(pod, only(pod.ask("add", "Enter choir every Thursday at 20:00", title="choir")).change)
    confirm(pod, only(pod.ask("add", "Add trip on 3 December", title="trip")).change)
    answer = pod.ask("agenda", "What is on on 3 December?").answer
    assert "- all day Trip [1]" in answer
    assert "- 20:00–21:00 Choir [2]" in answer


@pytest.mark.parametrize(
    "change",
    [
        {},
        {**CHANGE, "title": ""},
        {**CHANGE, "end": "2026-11-24T14:30:00+01:00"},
        {**CHANGE, "start": "2026-11-24T15:30:00"},
        {**CHANGE, "rule": "FREQ=SECONDLY"},
        {**CHANGE, "command": "rm"},
    ],
)
def test_a_change_that_is_no_event_is_refused_and_changes_nothing(
    pod: Pod, change: dict[str, Any]
) -> None:
    with pytest.raises(BadInput):
        confirm(pod, change)
    assert pod.ask("agenda", "What is on on Tuesday?").facts[1:] == ()


def test_line_breaks_in_a_title_stay_text(pod: Pod) -> None:
    confirm(pod, {**CHANGE, "title": "Tea\r\nEND:VEVENT\r\nSUMMARY:Other"})
    answer = pod.ask("agenda", "What is on on Tuesday?").answer
    assert "Tea END:VEVENT SUMMARY:Other [1]" in answer
    assert pod.now == NOW
