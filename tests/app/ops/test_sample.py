"""The sample household: the same each time, dated around today, true to its files' formats."""

from __future__ import annotations

import csv
import io
from collections import Counter
from datetime import date, timedelta
from pathlib import Path

import icalendar
import pytest
import recurring_ical_events
from hypothesis import given, settings
from hypothesis import strategies as st
from pypdf import PdfReader

from hearth.config import load
from hearth.ops.sample import Household, household, write_configuration, write_household
from hearth.ops.sample.days import coming, month_start, nth_weekday, workday

TODAY = date(2026, 11, 23)  # a Monday


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The household written once for this module."""
    into = tmp_path_factory.mktemp("household")
    write_household(into, TODAY)
    return into


@pytest.fixture(scope="module")
def house() -> Household:
    """The same household as values."""
    return household(TODAY)


def _occurring(path: Path, first: date, last: date) -> list[str]:
    calendar = icalendar.Calendar.from_ical(path.read_bytes())
    found = recurring_ical_events.of(calendar).between(first, last + timedelta(days=1))
    return sorted(f"{event['dtstart'].dt} {event['summary']}" for event in found)


def test_same_day_and_seed_give_the_same_bytes(folder: Path, tmp_path: Path) -> None:
    for path in write_household(tmp_path, TODAY):
        assert path.read_bytes() == (folder / path.relative_to(tmp_path)).read_bytes()


def test_another_seed_changes_the_payments(house: Household) -> None:
    assert household(TODAY, seed=8).transactions != house.transactions


def test_every_kind_of_file_is_there(folder: Path) -> None:
    kinds = Counter(path.suffix for path in folder.rglob("*.*"))
    assert kinds[".ics"] == 3
    assert kinds[".csv"] == 2
    assert kinds[".pdf"] == kinds[".jpg"] == 1
    assert kinds[".txt"] + kinds[".md"] >= 12


def test_tomorrow_holds_two_appointments(folder: Path) -> None:
    tomorrow = TODAY + timedelta(days=1)
    found = _occurring(folder / "family/family.ics", tomorrow, tomorrow)
    assert [line.split(" ", 2)[2] for line in found] == [
        "Chimney sweep",
        "Swim training Mia",
        "Dinner at Grandma Ilse's",
    ]


def test_second_parents_evening_is_moved(folder: Path) -> None:
    found = _occurring(folder / "family/family.ics", TODAY, date(2027, 1, 31))
    evenings = [line for line in found if "Parents" in line]
    assert evenings == [
        "2026-12-09 19:00:00+01:00 Parents' evening",
        "2027-01-14 18:00:00+01:00 Parents' evening",
    ]


def test_no_swimming_in_the_holidays(folder: Path) -> None:
    found = _occurring(folder / "family/family.ics", date(2026, 12, 14), date(2026, 12, 18))
    assert any("School holidays" in line for line in found)
    assert not any("Swim" in line for line in found)


def test_team_call_is_kept_in_new_york_time(folder: Path) -> None:
    text = (folder / "family/work.ics").read_text()
    calls = _occurring(folder / "family/work.ics", date(2026, 10, 19), date(2026, 11, 9))
    assert "TZID:America/New_York" in text
    # Europe leaves summer time a week before America does; the call stays at ten in New York.
    assert [line for line in calls if "Team call" in line] == [
        "2026-10-19 10:00:00-04:00 Team call",
        "2026-10-26 10:00:00-04:00 Team call",
        "2026-11-02 10:00:00-05:00 Team call",
        "2026-11-09 10:00:00-05:00 Team call",
    ]


def test_nordbank_export_holds_the_ledger(folder: Path, house: Household) -> None:
    text = (folder / "finance/nordbank-giro.csv").read_bytes().decode("cp1252")
    lines = text.splitlines()
    assert lines[0].startswith("Kontoinhaber;")
    assert lines[3] == ""
    rows = list(csv.DictReader(io.StringIO("\n".join(lines[4:])), delimiter=";"))
    amounts = [int(row["Betrag"].replace(".", "").replace(",", "")) for row in rows]
    expected = [t.minor_units for t in house.transactions if t.bank == "nordbank"]
    assert amounts == expected[::-1]
    assert "-1.180,00" in text


def test_meridian_export_holds_the_ledger_and_its_balance(folder: Path, house: Household) -> None:
    data = (folder / "finance/meridian-card.csv").read_bytes()
    assert data.startswith(b"\xef\xbb\xbf")
    rows = list(csv.DictReader(io.StringIO(data.decode("utf-8-sig"))))
    amounts = [_cents(row["Credit"]) - _cents(row["Debit"]) for row in rows]
    assert amounts == [t.minor_units for t in house.transactions if t.bank == "meridian"]
    first, last = rows[0], rows[-1]
    assert _cents(last["Balance"]) - _cents(first["Balance"]) == sum(amounts[1:])


def _cents(text: str) -> int:
    return int(text.replace(",", "").replace(".", "") or "0")


def test_landlords_letter_says_when_the_heating_is_off(folder: Path) -> None:
    reader = PdfReader(folder / "family/landlord-heating.pdf")
    assert len(reader.pages) == 1
    text = " ".join(reader.pages[0].extract_text().split())
    assert "Tuesday, 8 December 2026 between 8:00 and 12:00" in text
    assert "030 23125 417" in text


def test_configuration_loads(tmp_path: Path) -> None:
    write_configuration(tmp_path / "hearth.toml")
    loaded = load(tmp_path / "hearth.toml")
    assert set(loaded.pods) == {"family", "finance", "study"}
    assert loaded.pods["family"].sources["household"] == tmp_path / "household/family"


days = st.dates(date(2024, 1, 1), date(2037, 12, 31))


@settings(max_examples=40, deadline=None)
@given(today=days, seed=st.integers(0, 1_000))
def test_payments_are_booked_before_today_and_once(today: date, seed: int) -> None:
    payments = household(today, seed).transactions
    assert all(month_start(today, -6) <= payment.booked < today for payment in payments)
    assert len({payment.reference for payment in payments}) == len(payments)
    transfers = Counter(t.bank for t in payments if t.category == "transfer")
    assert 6 <= transfers["meridian"] <= transfers["nordbank"] <= 7


@settings(max_examples=40, deadline=None)
@given(today=days, seed=st.integers(0, 1_000))
def test_receipt_is_one_bank_line(today: date, seed: int) -> None:
    house = household(today, seed)
    bought = house.receipt.bought.date()
    paid = [t for t in house.transactions if t.booked == bought and t.payee == "Grünmarkt"]
    assert -house.receipt.total in [t.minor_units for t in paid]


@settings(max_examples=40, deadline=None)
@given(today=days)
def test_two_equal_payments_fall_on_one_day(today: date) -> None:
    concert = [t for t in household(today).transactions if t.purpose == "Ticket school concert"]
    assert len(concert) == 2
    assert len({(t.booked, t.minor_units) for t in concert}) == 1


@given(
    day=days,
    weekday=st.integers(0, 6),
    nth=st.integers(1, 4),
    ahead=st.integers(-99, 99),
)
def test_days_are_counted_as_people_count(day: date, weekday: int, nth: int, ahead: int) -> None:
    assert timedelta() <= coming(day, weekday) - day < timedelta(days=7)
    found = nth_weekday(month_start(day), weekday, nth)
    assert (found.weekday(), (found.day - 1) // 7, found.month) == (
        weekday,
        nth - 1,
        day.month,
    )
    assert workday(day, ahead).weekday() < 5
