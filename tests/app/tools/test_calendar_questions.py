"""The household's questions about its calendar, against the values that the files were made of."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta

import pytest
from dateutil.rrule import rrulestr
from diaries import BERLIN, NOW, Pod, calendar, refs
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hearth.core.errors import NotFound
from hearth.ops.sample import Event
from hearth.ops.sample.household import household

DAY = timedelta(days=1)
EVENTS = [each for each in household(NOW.date()).events if each.calendar in {"family", "work"}]


def instances(event: Event, until: date) -> Iterator[tuple[datetime, datetime]]:
    """When an event is, by dateutil alone."""
    if not isinstance(event.start, datetime):
        first = datetime.combine(event.start, time())
        for at in _series(event, first, until):
            yield at.replace(tzinfo=BERLIN), (at + event.lasts).replace(tzinfo=BERLIN)
        return
    zone = event.start.tzinfo
    moved, skipped = dict(event.moved), set(event.skipped)
    for naive in _series(event, event.start.replace(tzinfo=None), until):
        planned = naive.replace(tzinfo=zone)
        if planned not in skipped:
            at = moved.get(planned, planned)
            yield at.astimezone(BERLIN), (at + event.lasts).astimezone(BERLIN)


def _series(event: Event, first: datetime, until: date) -> list[datetime]:
    if not event.rule:
        return [first]
    found: list[datetime] = rrulestr(event.rule, dtstart=first).between(
        first, datetime.combine(until, time.max), inc=True
    )
    return found


def on(day: date) -> set[str]:
    """What is on a day."""
    start = datetime.combine(day, time(), BERLIN)
    end = datetime.combine(day + DAY, time(), BERLIN)
    return {
        event.summary
        for event in EVENTS
        for begins, ends in instances(event, day + 40 * DAY)
        if begins < end and ends > start
    }


def following(summary: str) -> tuple[datetime, datetime]:
    """The next instances of an event, the first two."""
    (event,) = (each for each in EVENTS if each.summary == summary)
    until = NOW.date() + 800 * DAY
    coming = sorted(begins for begins, _ in instances(event, until) if begins >= NOW)
    return coming[0], coming[-1] if len(coming) == 1 else coming[1]


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(days=st.integers(-60, 120))
def test_a_day_holds_exactly_what_the_rules_say(family: Pod, days: int) -> None:
    day = NOW.date() + days * DAY
    result = family.ask("agenda", f"What is on {day.isoformat()}?")
    name = f"{day:%A} {day.day} {day:%B %Y}"
    assert name in result.answer
    listed = {line.partition(" ")[2] for line in result.answer.splitlines() if line[:1] == "-"}
    assert len(listed) == len(on(day))
    assert all(any(title in line for line in listed) for title in on(day))


def test_tomorrow_is_listed_with_a_source_for_each_event(family: Pod) -> None:
    result = family.ask("agenda", "What is on tomorrow?", when="tomorrow")
    assert result.answer == (
        "Tomorrow, Tuesday 24 November 2026:\n"
        "- 08:30–09:00 Chimney sweep (At home) [1]\n"
        "- 17:00–18:30 Swim training Mia (Lindenbad, lane 3) [2]\n"
        "- 18:30–20:30 Dinner at Grandma Ilse's (Gartenstraße 8) [3]"
    )
    assert len(refs(result)) == 3
    assert result.facts[0].citation is None
    assert result.verbatim


def test_the_models_own_date_counts_for_nothing(family: Pod) -> None:
    wrong = family.ask("agenda", "What is on tomorrow?", when="2026-12-03")
    assert wrong == family.ask("agenda", "What is on tomorrow?")


def test_a_follow_up_keeps_the_question_and_changes_the_day(family: Pod) -> None:
    result = family.ask("agenda", "And on Saturday?", "What is on tomorrow?")
    assert result.answer.startswith("Saturday 28 November 2026:")


def test_a_follow_up_without_a_day_keeps_the_day(family: Pod) -> None:
    result = family.ask("agenda", "And in the evening?", "Are we free on Saturday afternoon?")
    assert result.answer.startswith("Saturday 28 November 2026, 18:00–23:00")


def test_a_free_afternoon_is_yes_and_a_taken_one_is_no(family: Pod) -> None:
    taken = family.ask("agenda", "Are we free on Saturday afternoon?", when="Saturday afternoon")
    assert taken.answer.startswith("No, ")
    assert "14:00–16:30 Chess club Ben (Community centre) [1]" in taken.answer
    assert "Free: 12:00–14:00 and 16:30–18:00." in taken.answer
    free = family.ask("agenda", "Are we free on Sunday afternoon?")
    assert free.answer.startswith("Yes, you are free. Sunday 29 November 2026, 12:00–18:00")
    assert refs(free) == []
    assert free.found


def test_an_all_day_entry_does_not_take_the_time(family: Pod) -> None:
    result = family.ask("agenda", "Do we have time on 5 December?", when="5 December")
    assert result.answer.startswith("Yes, you are free.")
    assert "all day Ben's birthday [1]" in result.answer


def test_one_persons_events_are_told_from_the_others(family: Pod) -> None:
    listed = family.ask("agenda", "What does Mia have on Tuesday?", about="Mia")
    assert [line for line in listed.answer.splitlines() if line[:1] == "-"] == [
        "- 17:00–18:30 Swim training Mia (Lindenbad, lane 3) [1]"
    ]
    free = family.ask("agenda", "Is Mia free on Saturday?", about="Mia")
    assert free.answer.startswith("Yes, Mia is free.")


def test_an_empty_day_is_an_answer_and_names_what_comes_next(family: Pod) -> None:
    result = family.ask("agenda", "What is on on Sunday?")
    assert "nothing is in the calendar" in result.answer
    assert "Monday 30 November 2026, 16:00–17:00: Team call (Video) [1]" in result.answer
    assert result.found


def test_without_a_day_the_coming_week_is_listed(family: Pod) -> None:
    result = family.ask("agenda", "What's coming up?")
    assert result.answer.startswith("Monday 23 to Sunday 29 November 2026: 7 events.")


def test_what_comes_of_one_kind_is_looked_for_further_ahead(family: Pod) -> None:
    result = family.ask("agenda", "Which birthdays are coming up?")
    assert "all day Ben's birthday [1]" in result.answer
    assert "Grandma Ilse's birthday [2]" in result.answer
    assert len(refs(result)) == 2


def test_a_long_list_says_how_much_it_leaves_out(pod: Pod) -> None:
    daily = "UID:a\nSUMMARY:Pills\nDTSTART:20260101T070000Z\nRRULE:FREQ=DAILY"
    pod.enter("a.ics", calendar(daily))
    result = pod.ask("agenda", "What is on from 1 March to 30 April 2027?")
    assert "61 events, of which these are the first 40." in result.answer
    assert len(refs(result)) == result.answer.count("Pills") == 40


def test_a_day_that_does_not_exist_is_asked_back(family: Pod) -> None:
    result = family.ask("agenda", "What is on on Wednesday 24 November?")
    assert "that day is Tuesday 24 November 2026" in result.answer
    assert result.answer.endswith("Which day do you mean?")


def test_the_next_parents_evening_and_the_moved_one_after_it(family: Pod) -> None:
    first, second = following("Parents' evening")
    result = family.ask("find", "When is the next parents' evening?", about="parents' evening")
    expected = f"{first:%A} {first.day} {first:%B %Y}, {first:%H:%M}–20:30"
    assert result.answer.startswith(f"Parents' evening is on {expected} at Linden School, room 12")
    assert f"{second:%A} {second.day} {second:%B %Y}, 18:00" in result.answer
    assert len(refs(result)) == len(result.facts)


@pytest.mark.parametrize(
    ("request_", "about", "words"),
    [
        ("When does Ben have to go to the dentist?", "dentist", "Dentist Ben is on Thursday 3 Dec"),
        ("When is Mia's birthday?", "Mia's birthday", "Monday 21 June 2027, all day"),
        ("When do the school holidays begin?", "", "School holidays: Monday 14 December 2026 to F"),
        ("What time is the car inspection?", "car", "09:00–10:00"),
        ("When is the next birthday?", "birthday", "Ben's birthday is on Saturday 5 December 2026"),
        ("How long until the vaccination?", "vaccination", "in 17 days"),
        ("Where is the first-aid training?", "training", "Office, Berlin"),
    ],
)
def test_a_named_event_is_found(family: Pod, request_: str, about: str, words: str) -> None:
    result = family.ask("find", request_, about=about)
    assert words in result.answer
    assert refs(result)


def test_a_name_that_fits_in_part_is_said_to_do_so(family: Pod) -> None:
    result = family.ask("find", "When is the swimming lesson?", about="swimming lesson")
    assert result.answer.startswith(
        "Nothing is called “swimming lesson”; the nearest to it: Swim training Mia is on Tuesday 24"
    )


def test_the_last_time_of_a_series(family: Pod) -> None:
    result = family.ask("find", "When was the last book club?", about="book club")
    assert result.answer.startswith("Anna's book club was on Friday 30 October 2026, 20:00–22:00")


def test_an_event_that_is_over_is_said_to_be_over(pod: Pod) -> None:
    pod.enter("a.ics", calendar("UID:a\nSUMMARY:Concert\nDTSTART:20261001T180000Z"))
    result = pod.ask("find", "When is the concert?", about="concert")
    assert result.answer.startswith("There is no coming event for “concert”")
    assert "Thursday 1 October 2026" in result.answer
    assert refs(result)


@pytest.mark.parametrize("about", ["concert", "Mia's exam", "", "opera with Lena"])
def test_an_event_that_is_not_there_is_not_invented(family: Pod, about: str) -> None:
    result = family.ask("find", f"When is {about or 'the opera'}?", about=about)
    assert not result.found
    assert not result.facts


def test_a_citation_opens_the_lines_of_the_event(family: Pod) -> None:
    result = family.ask("agenda", "What is on tomorrow?")
    citation = result.facts[1].citation
    assert citation is not None
    view = family.open(citation.ref)
    cited = [line.text for line in view.lines if line.cited]
    assert (view.kind, view.title, view.source) == ("event", "Chimney sweep", "family.ics")
    assert cited[0] == "BEGIN:VEVENT"
    assert cited[-1] == "END:VEVENT"
    assert "SUMMARY:Chimney sweep" in cited
    first = next(line.number for line in view.lines if line.cited)
    assert citation.locator == view.locator == f"line {first}"
    assert any(not line.cited for line in view.lines)


def test_a_moved_instance_opens_its_own_lines(family: Pod) -> None:
    result = family.ask("find", "When is the next parents' evening?", about="parents' evening")
    lines = family.open(refs(result)[1]).lines
    assert any(line.text.startswith("RECURRENCE-ID") for line in lines if line.cited)


@pytest.mark.parametrize(
    "ref",
    ["event:9999@2026-11-24T08:30:00+01:00", "event:1", "event:x@y", "event:1@2026-11-25T08:30:00",
     "event:1@2026-11-25T08:30:00+01:00", "event:1@9999-12-31T23:59:59+00:00"],
)  # fmt: skip
def test_a_source_that_is_not_there_is_said_so(family: Pod, ref: str) -> None:
    with pytest.raises(NotFound):
        family.open(ref)
