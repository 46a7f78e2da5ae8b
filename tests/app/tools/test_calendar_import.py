"""Calendar files, sound and damaged, against what is in them."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from datetime import date, datetime, timedelta

import pytest
from diaries import BERLIN, Pod, calendar
from hypothesis import given, settings
from hypothesis import strategies as st

from hearth.core.errors import BadInput
from hearth.ops.sample.calendars import calendar as written
from hearth.ops.sample.household import household
from hearth.store.pod.counts import counts
from hearth.tools.calendar.diary import Diary
from hearth.tools.calendar.importer import CalendarImporter

TODAY = date(2026, 11, 23)
IMPORTER = CalendarImporter(BERLIN)
PLAIN = "UID:a\nSUMMARY:Dentist\nDTSTART;TZID=Europe/Berlin:20261124T153000\nDURATION:PT1H"
SAMPLE = written("family", [e for e in household(TODAY).events if e.calendar == "family"], TODAY)


def on(pod: Pod, first: str, days: int = 1) -> list[str]:
    """What is on from a day, each as "HH:MM summary" or "all day summary"."""
    start = datetime.fromisoformat(first).replace(tzinfo=BERLIN)
    found = Diary(pod.database, BERLIN).between(start, start + timedelta(days=days))
    return [f"{'all day' if e.all_day else f'{e.start:%H:%M}'} {e.summary}" for e in found]


def stored(pod: Pod) -> int:
    with pod.database.read() as session:
        return counts(session).events


def test_a_file_says_how_many_events_it_holds(pod: Pod) -> None:
    assert pod.enter("family.ics", SAMPLE) == "16 events"
    assert pod.enter("one.ics", calendar(PLAIN)) == "1 event"
    assert pod.enter("none.ics", calendar()) == "0 events"


def test_a_weekly_rule_skips_its_exceptions_and_keeps_its_hour(pod: Pod) -> None:
    pod.enter(
        "a.ics",
        calendar(
            "UID:a\nSUMMARY:Swim\nDTSTART;TZID=Europe/Berlin:20261006T170000\nDURATION:PT1H\n"
            "RRULE:FREQ=WEEKLY;BYDAY=TU\nEXDATE;TZID=Europe/Berlin:20261020T170000"
        ),
    )
    assert on(pod, "2026-10-20") == []
    assert on(pod, "2026-10-13") == ["17:00 Swim"]
    assert on(pod, "2026-10-27") == ["17:00 Swim"]  # winter time, the same hour


def test_a_moved_instance_is_where_it_was_moved_to(pod: Pod) -> None:
    pod.enter(
        "a.ics",
        calendar(
            "UID:a\nSUMMARY:Evening\nDTSTART;TZID=Europe/Berlin:20260909T190000\nDURATION:PT1H\n"
            "RRULE:FREQ=MONTHLY;BYDAY=2WE",
            "UID:a\nSUMMARY:Evening, moved\nDTSTART;TZID=Europe/Berlin:20261210T180000\n"
            "DURATION:PT1H\nRECURRENCE-ID;TZID=Europe/Berlin:20261209T190000",
        ),
    )
    assert on(pod, "2026-12-09") == []
    assert on(pod, "2026-12-10") == ["18:00 Evening, moved"]
    assert on(pod, "2027-01-13") == ["19:00 Evening"]
    assert stored(pod) == 1


def test_yearly_all_day_and_other_zones(pod: Pod) -> None:
    pod.enter(
        "a.ics",
        calendar(
            "UID:a\nSUMMARY:Birthday\nDTSTART;VALUE=DATE:20120621\nRRULE:FREQ=YEARLY",
            "UID:b\nSUMMARY:Call\nDTSTART;TZID=America/New_York:20261123T190000\nDURATION:PT1H",
            "UID:c\nSUMMARY:Floating\nDTSTART:20261123T090000\nDURATION:PT1H",
            "UID:d\nSUMMARY:Universal\nDTSTART:20261123T090000Z\nDURATION:PT1H",
        ),
    )
    assert on(pod, "2027-06-21") == ["all day Birthday"]
    assert on(pod, "2026-11-23") == ["09:00 Floating", "10:00 Universal"]
    assert on(pod, "2026-11-24") == ["01:00 Call"]


def test_a_zone_described_in_the_file_is_used(pod: Pod) -> None:
    zone = (
        "BEGIN:VTIMEZONE\nTZID:Home\nBEGIN:STANDARD\nDTSTART:19700101T000000\n"
        "TZOFFSETFROM:+0300\nTZOFFSETTO:+0300\nTZNAME:H\nEND:STANDARD\nEND:VTIMEZONE\n"
    )
    event = "UID:a\nSUMMARY:Tea\nDTSTART;TZID=Home:20261124T120000\nDURATION:PT1H"
    pod.enter("a.ics", calendar(event, zones=zone))
    assert on(pod, "2026-11-24") == ["10:00 Tea"]


def test_folded_lines_cancelled_events_and_alarms(pod: Pod) -> None:
    alarm = "BEGIN:VALARM\nACTION:DISPLAY\nTRIGGER:-PT5M\nUID:other\nEND:VALARM"
    pod.enter(
        "a.ics",
        calendar(
            f"UID:a\nSUMMARY:Long\n  name\nDTSTART:20261124T090000Z\n{alarm}",
            "UID:b\nSUMMARY:Off\nDTSTART:20261124T110000Z\nSTATUS:CANCELLED",
        ),
    )
    assert on(pod, "2026-11-24") == ["10:00 Long name"]


def test_an_event_over_midnight_is_on_both_days(pod: Pod) -> None:
    event = "UID:a\nSUMMARY:Party\nDTSTART:20261124T200000Z\nDTEND:20261125T010000Z"
    pod.enter("a.ics", calendar(event))
    assert on(pod, "2026-11-24") == on(pod, "2026-11-25") == ["21:00 Party"]
    assert on(pod, "2026-11-26") == []


def test_the_same_calendar_in_two_files_counts_once(pod: Pod) -> None:
    pod.enter("a.ics", calendar(PLAIN))
    pod.enter("copy of a.ics", calendar(PLAIN))
    assert on(pod, "2026-11-24") == ["15:30 Dentist"]


def _cut(data: bytes) -> bytes:
    return data[: data.index(b"END:VEVENT")]


@pytest.mark.parametrize(
    ("data", "line", "words"),
    [
        (b"", 1, "empty"),
        (b"Date;Amount\n1;2\n", 1, "not a line of an iCalendar file"),
        (b"BEGIN:VEVENT\nEND:VEVENT\n", 1, "does not belong"),
        (calendar(PLAIN).replace(b"Dentist", b"Dent\xffist"), 5, "UTF-8"),
        (calendar(PLAIN).replace(b"Dentist", b"Dent\0ist"), 5, "NUL"),
        (_cut(calendar(PLAIN)), 7, "VEVENT that begins on line 3"),
        (calendar(PLAIN).replace(b"END:VEVENT", b"END:VTODO"), 8, "closes the VEVENT"),
        (calendar(PLAIN).replace(b"SUMMARY:Dentist", b"Dentist tomorrow"), 5, "not a line"),
        (calendar(PLAIN).replace(b"20261124T153000", b"20261324T153000"), 6, "DTSTART"),
        (calendar(PLAIN).replace(b"Europe/Berlin", b"Nowhere/City"), 6, "time zone"),
        (calendar("UID:a\nSUMMARY:Dentist"), 3, "when it starts"),
        (calendar(PLAIN.replace("DURATION:PT1H", "DTEND:20201124T153000Z")), 7, "ends before"),
        (calendar(PLAIN.replace("DURATION:PT1H", "DURATION:banana")), 7, "DURATION"),
        (calendar(f"{PLAIN}\nRRULE:FREQ=NEVER"), 8, "RRULE"),
        (calendar(f"{PLAIN}\nRRULE:NONSENSE"), 8, "no frequency"),
        (calendar(f"{PLAIN}\nEXDATE:someday"), 8, "EXDATE"),
        (calendar(f"{PLAIN}\nBEGIN:VEVENT\nUID:b\nEND:VEVENT"), 3, "cannot be read"),
    ],
)  # fmt: skip
def test_a_broken_file_names_the_line_and_changes_nothing(
    pod: Pod, data: bytes, line: int, words: str
) -> None:
    with pytest.raises(BadInput, match=words) as caught:
        pod.enter("broken.ics", data)
    assert caught.value.where == f"broken.ics, line {line}"
    assert caught.value.remedy
    assert stored(pod) == 0


@pytest.mark.parametrize(
    "rule",
    [
        "FREQ=SECONDLY",
        "FREQ=MINUTELY;INTERVAL=2",
        "FREQ=HOURLY",
        "FREQ=DAILY;INTERVAL=0",
        "FREQ=DAILY;BYHOUR=0,6,12,18;BYMINUTE=0,5,10,15,20,25,30,35",
        "FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30",
        "FREQ=MONTHLY;BYMONTHDAY=32",
        "FREQ=MINUTELY;COUNT=5;BYMONTH=2;BYMONTHDAY=30",
    ],
)
def test_a_rule_that_explodes_or_never_comes_true_is_refused(pod: Pod, rule: str) -> None:
    with pytest.raises(BadInput) as caught:
        pod.enter("rule.ics", calendar(f"{PLAIN}\nRRULE:{rule}"))
    assert caught.value.where == "rule.ics, line 8"


@pytest.mark.parametrize(
    "rule",
    [
        "FREQ=HOURLY;COUNT=4",
        "FREQ=DAILY;BYHOUR=8,14,20",
        "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29",
        "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1",
        "FREQ=WEEKLY;UNTIL=20301231T225959Z",
        "FREQ=YEARLY;INTERVAL=4",
    ],
)
def test_a_rule_that_people_use_is_taken(pod: Pod, rule: str) -> None:
    assert pod.enter("rule.ics", calendar(f"{PLAIN}\nRRULE:{rule}")) == "1 event"


def test_a_birthday_from_1604_is_taken(pod: Pod) -> None:
    event = "UID:a\nSUMMARY:Birthday\nDTSTART;VALUE=DATE:16041205\nRRULE:FREQ=YEARLY"
    pod.enter("a.ics", calendar(event))
    assert on(pod, "2026-12-05") == ["all day Birthday"]


DAMAGE: list[Callable[[bytes, int], bytes]] = [
    lambda data, at: data[:at],
    lambda data, at: data[:at] + b"\xff" + data[at:],
    lambda data, at: data[:at] + b"\n" + data[at:],
    lambda data, at: data[:at] + data[at + 40 :],
]


@settings(max_examples=150, deadline=None)
@given(at=st.integers(0, len(SAMPLE)), damage=st.sampled_from(DAMAGE))
def test_a_damaged_file_is_read_or_refused_and_never_breaks_the_reader(
    at: int, damage: Callable[[bytes, int], bytes]
) -> None:
    with suppress(BadInput):
        IMPORTER.read(damage(SAMPLE, at), "damaged.ics")


@settings(max_examples=100, deadline=None)
@given(at=st.integers(0, SAMPLE.rindex(b"END:VCALENDAR")))
def test_a_file_cut_off_anywhere_is_refused_with_its_line(at: int) -> None:
    with pytest.raises(BadInput) as caught:
        IMPORTER.read(SAMPLE[:at], "cut.ics")
    assert caught.value.where is not None
    assert caught.value.where.startswith("cut.ics, line ")
