"""Phrases of time against the periods that a household means by them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hearth.tools.when import Direction, Grain, Unclear, find, locate, resolve, without
from hearth.tools.when.clocks import duration

BERLIN = ZoneInfo("Europe/Berlin")
MONDAY = datetime(2026, 11, 23, 10, 0, tzinfo=BERLIN)

# (phrase, start, end), seen from Monday 23 November 2026, 10:00, looking ahead.
AHEAD = (
    ("today", "2026-11-23", "2026-11-24"),
    ("tomorrow", "2026-11-24", "2026-11-25"),
    ("What is on tomorrow?", "2026-11-24", "2026-11-25"),
    ("the day after tomorrow", "2026-11-25", "2026-11-26"),
    ("tonight", "2026-11-23T18:00", "2026-11-24"),
    ("this afternoon", "2026-11-23T12:00", "2026-11-23T18:00"),
    ("tomorrow morning", "2026-11-24T06:00", "2026-11-24T12:00"),
    ("in the afternoon of 24 November", "2026-11-24T12:00", "2026-11-24T18:00"),
    ("the evening of the 24th", "2026-11-24T18:00", "2026-11-24T23:00"),
    ("on Friday in the evening", "2026-11-27T18:00", "2026-11-27T23:00"),
    ("in the evening on Friday", "2026-11-27T18:00", "2026-11-27T23:00"),
    ("Saturday afternoon", "2026-11-28T12:00", "2026-11-28T18:00"),
    ("on Friday", "2026-11-27", "2026-11-28"),
    ("on Monday", "2026-11-30", "2026-12-01"),
    ("this Friday", "2026-11-27", "2026-11-28"),
    ("next Friday", "2026-12-04", "2026-12-05"),
    ("Tuesday next week", "2026-12-01", "2026-12-02"),
    ("next week on Tuesday", "2026-12-01", "2026-12-02"),
    ("a week on Tuesday", "2026-12-01", "2026-12-02"),
    ("this weekend", "2026-11-28", "2026-11-30"),
    ("at the weekend", "2026-11-28", "2026-11-30"),
    ("next weekend", "2026-12-05", "2026-12-07"),
    ("this week", "2026-11-23", "2026-11-30"),
    ("next week", "2026-11-30", "2026-12-07"),
    ("next month", "2026-12-01", "2027-01-01"),
    ("this quarter", "2026-10-01", "2027-01-01"),
    ("next year", "2027-01-01", "2028-01-01"),
    ("rest of the month", "2026-11-23", "2026-12-01"),
    ("in three days", "2026-11-26", "2026-11-27"),
    ("in two weeks", "2026-12-07", "2026-12-08"),
    ("two weeks from today", "2026-12-07", "2026-12-08"),
    ("in a month", "2026-12-23", "2026-12-24"),
    ("the next 10 days", "2026-11-23", "2026-12-03"),
    ("24 December", "2026-12-24", "2026-12-25"),
    ("December 24th", "2026-12-24", "2026-12-25"),
    ("Thursday, 24 December", "2026-12-24", "2026-12-25"),
    ("the 24th", "2026-11-24", "2026-11-25"),
    ("the 5th", "2026-12-05", "2026-12-06"),
    ("Friday the 27th", "2026-11-27", "2026-11-28"),
    ("the 3rd of next month", "2026-12-03", "2026-12-04"),
    ("2026-12-24", "2026-12-24", "2026-12-25"),
    ("24.12.2026", "2026-12-24", "2026-12-25"),
    ("24.12.", "2026-12-24", "2026-12-25"),
    ("31/12/2026", "2026-12-31", "2027-01-01"),
    ("2 January", "2027-01-02", "2027-01-03"),
    ("29 February", "2028-02-29", "2028-03-01"),
    ("New Year's Eve", "2026-12-31", "2027-01-01"),
    ("Christmas", "2026-12-25", "2026-12-27"),
    ("in March", "2027-03-01", "2027-04-01"),
    ("from 3 to 5 December", "2026-12-03", "2026-12-06"),
    ("from Monday to Wednesday", "2026-11-30", "2026-12-03"),
    ("between Friday and Monday", "2026-11-27", "2026-12-01"),
    ("from 30 December to 2 January", "2026-12-30", "2027-01-03"),
    ("until Friday", "2026-11-23", "2026-11-28"),
    ("at 15:30", "2026-11-23T15:30", "2026-11-23T16:30"),
    ("at 9:30", "2026-11-24T09:30", "2026-11-24T10:30"),
    ("3pm", "2026-11-23T15:00", "2026-11-23T16:00"),
    ("half past three", "2026-11-23T15:30", "2026-11-23T16:30"),
    ("quarter to four tomorrow", "2026-11-24T15:45", "2026-11-24T16:45"),
    ("twenty past 8 tonight", "2026-11-23T20:20", "2026-11-23T21:20"),
    ("noon tomorrow", "2026-11-24T12:00", "2026-11-24T13:00"),
    ("this evening at 7", "2026-11-23T19:00", "2026-11-23T20:00"),
    ("tomorrow from 3 to 5", "2026-11-24T15:00", "2026-11-24T17:00"),
    ("tomorrow, 10-12:30", "2026-11-24T10:00", "2026-11-24T12:30"),
    ("tomorrow from 9 to 1", "2026-11-24T09:00", "2026-11-24T13:00"),
    ("tomorrow, 11 to 1 pm", "2026-11-24T11:00", "2026-11-24T13:00"),
    ("tomorrow from 10 to 8", "2026-11-24T10:00", "2026-11-24T20:00"),
    ("tomorrow 22:00 to 6:30", "2026-11-24T22:00", "2026-11-25T06:30"),
    ("tomorrow after 5 p.m.", "2026-11-24T17:00", "2026-11-25"),
    ("Friday before noon", "2026-11-27", "2026-11-27T12:00"),
    ("Tuesday at 03:30", "2026-11-24T03:30", "2026-11-24T04:30"),
    ("in two hours", "2026-11-23T12:00", "2026-11-23T13:00"),
    ("in half an hour", "2026-11-23T10:30", "2026-11-23T11:30"),
    ("Add dentist on Tuesday at 15:30 for Mia", "2026-11-24T15:30", "2026-11-24T16:30"),
)

# The same, looking back.
BACK = (
    ("yesterday", "2026-11-22", "2026-11-23"),
    ("the day before yesterday", "2026-11-21", "2026-11-22"),
    ("last night", "2026-11-22T18:00", "2026-11-23"),
    ("on Friday", "2026-11-20", "2026-11-21"),
    ("last Friday", "2026-11-20", "2026-11-21"),
    ("last week", "2026-11-16", "2026-11-23"),
    ("last weekend", "2026-11-21", "2026-11-23"),
    ("last month", "2026-10-01", "2026-11-01"),
    ("last quarter", "2026-07-01", "2026-10-01"),
    ("last year", "2025-01-01", "2026-01-01"),
    ("this year", "2026-01-01", "2027-01-01"),
    ("in October", "2026-10-01", "2026-11-01"),
    ("in November", "2026-11-01", "2026-12-01"),
    ("in December", "2025-12-01", "2026-01-01"),
    ("October 2025", "2025-10-01", "2025-11-01"),
    ("2025-10", "2025-10-01", "2025-11-01"),
    ("last November", "2025-11-01", "2025-12-01"),
    ("in March of last year", "2025-03-01", "2025-04-01"),
    ("in 2025", "2025-01-01", "2026-01-01"),
    ("Q3", "2026-07-01", "2026-10-01"),
    ("the second quarter of 2025", "2025-04-01", "2025-07-01"),
    ("last 30 days", "2026-10-25", "2026-11-24"),
    ("the past two weeks", "2026-11-10", "2026-11-24"),
    ("the past year", "2025-11-24", "2026-11-24"),
    ("last three months", "2026-08-01", "2026-11-01"),
    ("since June", "2026-06-01", "2026-11-24"),
    ("since 15 October", "2026-10-15", "2026-11-24"),
    ("in September and October", "2026-09-01", "2026-11-01"),
    ("between June and August", "2026-06-01", "2026-09-01"),
    ("from June to August", "2026-06-01", "2026-09-01"),
    ("three days ago", "2026-11-20", "2026-11-21"),
    ("two weeks ago", "2026-11-09", "2026-11-16"),
    ("a month ago", "2026-10-01", "2026-11-01"),
    ("the 24th", "2026-10-24", "2026-10-25"),
    ("24 December", "2025-12-24", "2025-12-25"),
    ("last Christmas", "2025-12-25", "2025-12-27"),
)
NOTHING = (
    "When is the next parents' evening?",
    "What were the five largest payments?",
    "May I come?",
    "We march on",
    "I sat in the sun",
    "How much is 1,180.00?",
    "What does the landlord's letter say about the heating?",
    "",
)
PHRASES = tuple(phrase for phrase, _, _ in (*AHEAD, *BACK))


def local(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=BERLIN)


@pytest.mark.parametrize(("phrase", "start", "end"), AHEAD)
def test_looking_ahead(phrase: str, start: str, end: str) -> None:
    period = resolve(phrase, MONDAY)
    assert period is not None
    assert (period.start, period.end) == (local(start), local(end))


@pytest.mark.parametrize(("phrase", "start", "end"), BACK)
def test_looking_back(phrase: str, start: str, end: str) -> None:
    period = resolve(phrase, MONDAY, "past")
    assert period is not None
    assert (period.start, period.end) == (local(start), local(end))


@pytest.mark.parametrize("phrase", NOTHING)
def test_no_time_is_found_where_none_is_said(phrase: str) -> None:
    assert resolve(phrase, MONDAY) is None


@pytest.mark.parametrize(
    "phrase",
    ["Wednesday 24 November", "4/5/2026", "31 February", "2026-02-30", "Monday the 27th"],
)
def test_what_can_be_read_two_ways_is_not_guessed(phrase: str) -> None:
    assert resolve(phrase, MONDAY) is None
    with pytest.raises(Unclear):
        locate(phrase, MONDAY)


@pytest.mark.parametrize(
    ("phrase", "label", "said"),
    [
        ("tomorrow", "Tuesday 24 November 2026", "on Tuesday 24 November 2026"),
        ("last month", "October 2026", "in October 2026"),
        ("this year", "2026", "in 2026"),
        ("next week", "Monday 30 November to Sunday 6 December 2026", "from Monday 30 November"),
        ("this quarter", "October to December 2026", "from October to December 2026"),
        ("tonight", "Monday 23 November 2026, 18:00–24:00", "on Monday 23 November 2026, 18:00"),
        ("from 30 December to 2 January", "Wednesday 30 December 2026 to Saturday 2 January 2027",
         "from Wednesday 30 December 2026"),
        ("last three months", "August to October 2026", "from August to October 2026"),
    ],
)  # fmt: skip
def test_a_period_has_a_name_with_absolute_dates(phrase: str, label: str, said: str) -> None:
    period = resolve(phrase, MONDAY)
    assert period is not None
    assert period.label == label
    assert period.said.startswith(said)


def test_the_day_on_which_clocks_go_forward_has_23_hours() -> None:
    period = resolve("tomorrow", datetime(2026, 3, 28, 12, tzinfo=BERLIN))
    assert period is not None
    assert period.end.astimezone(UTC) - period.start.astimezone(UTC) == timedelta(hours=23)


def test_the_day_on_which_clocks_go_back_has_25_hours() -> None:
    period = resolve("today", datetime(2026, 10, 25, 12, tzinfo=BERLIN))
    assert period is not None
    assert period.end.astimezone(UTC) - period.start.astimezone(UTC) == timedelta(hours=25)


def test_an_hour_that_the_clocks_skip_moves_on() -> None:
    period = resolve("tomorrow at 02:30", datetime(2026, 3, 28, 12, tzinfo=BERLIN))
    assert period is not None
    assert period.start.isoformat() == "2026-03-29T03:30:00+02:00"


@pytest.mark.parametrize(
    ("now", "phrase", "day"),
    [
        ("2026-12-31T23:30", "tomorrow", "2027-01-01"),
        ("2026-12-31T23:30", "at 8:00", "2027-01-01"),
        ("2026-12-28T09:00", "on Friday", "2027-01-01"),
        ("2027-01-01T09:00", "yesterday", "2026-12-31"),
        ("2027-01-15T09:00", "last month", "2026-12-01"),
        ("2027-01-15T09:00", "last quarter", "2026-10-01"),
        ("2028-02-28T09:00", "tomorrow", "2028-02-29"),
        ("2027-01-31T09:00", "in a month", "2027-02-28"),
        ("2026-11-28T20:00", "this Friday", "2026-12-04"),
        ("2026-11-29T12:00", "this weekend", "2026-11-28"),
        ("2026-11-29T12:00", "next Monday", "2026-11-30"),
    ],
)
def test_around_the_ends_of_weeks_months_and_years(now: str, phrase: str, day: str) -> None:
    period = resolve(phrase, local(now))
    assert period is not None
    assert period.start.date().isoformat() == day


def test_the_pieces_are_where_the_words_stand() -> None:
    text = "Add dentist on Tuesday at 15:30 for Mia"
    found = find(text, MONDAY)
    assert found is not None
    assert [text[start:stop] for start, stop in found.pieces] == ["Tuesday", "at 15:30"]
    assert without(text, found.pieces) == "Add dentist for Mia"


@pytest.mark.parametrize(
    ("text", "minutes"),
    [
        ("for an hour", 60),
        ("for 45 minutes", 45),
        ("for half an hour", 30),
        ("for one and a half hours", 90),
        ("for an hour and a half", 90),
        ("Book the car in for a service for 2 hours", 120),
    ],
)
def test_durations(text: str, minutes: int) -> None:
    found = duration(text)
    assert found is not None
    assert found[0] == timedelta(minutes=minutes)


def test_whom_something_is_for_is_no_duration() -> None:
    assert duration("dentist for Mia, for a service") is None


ZONES = st.sampled_from(["Europe/Berlin", "America/New_York", "Asia/Kolkata", "Pacific/Auckland"])
MOMENTS = st.datetimes(datetime(2000, 1, 1), datetime(2090, 1, 1), timezones=ZONES.map(ZoneInfo))


@given(phrase=st.sampled_from(PHRASES), now=MOMENTS, looking=st.sampled_from(["future", "past"]))
def test_every_period_is_aware_and_has_a_length(
    phrase: str, now: datetime, looking: Direction
) -> None:
    period = resolve(phrase, now, looking)
    if period is None:  # "Friday the 27th" is not always one
        return
    assert period.start.tzinfo is now.tzinfo
    assert period.end.tzinfo is now.tzinfo
    assert period.start.astimezone(UTC) < period.end.astimezone(UTC)


@given(now=MOMENTS, weekday=st.sampled_from(["Monday", "Wednesday", "Sunday"]))
def test_a_weekday_is_the_first_such_day_ahead(now: datetime, weekday: str) -> None:
    period = resolve(weekday, now)
    assert period is not None
    assert f"{period.start:%A}" == weekday
    assert timedelta(0) < period.start.date() - now.date() <= timedelta(days=7)
    assert period.grain is Grain.DAY


@given(now=MOMENTS)
def test_months_follow_one_another(now: datetime) -> None:
    last, this, following = (resolve(f"{word} month", now) for word in ("last", "this", "next"))
    assert last is not None
    assert this is not None
    assert following is not None
    assert last.end == this.start <= now < this.end == following.start


@given(text=st.text(max_size=60), now=MOMENTS)
def test_any_text_is_read_or_passed_over(text: str, now: datetime) -> None:
    found = find(text, now)
    assert found is None or all(0 <= a < b <= len(text) for a, b in found.pieces)


NUMERALS = st.text(alphabet="0123456789 :.,-/apmstndrh", max_size=24)


@given(text=NUMERALS, now=MOMENTS)
def test_any_figures_are_read_or_passed_over(text: str, now: datetime) -> None:
    found = find(f"on {text} at {text}", now)
    assert found is None or found.period.start < found.period.end
