"""The household's questions about money, against sums computed from the dataclasses."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from hearth.core.errors import NotFound
from hearth.core.people import ALL_RIGHTS, Caller, Member, Role
from hearth.core.ports import Passage
from hearth.core.tools import ToolContext, ToolResult
from hearth.ops.sample import Transaction
from hearth.ops.sample.household import household
from hearth.ops.sample.money import by_bank, first_day
from hearth.ops.sample.statements import meridian, nordbank
from hearth.store.database import Database
from hearth.store.migrate import migrate
from hearth.store.pod import documents
from hearth.store.pod.documents import NewDocument
from hearth.tools.base import Household, ToolDependencies, ToolFolder
from hearth.tools.ledger import folder

TODAY = date(2026, 11, 23)
NOW = datetime(2026, 11, 23, 9, 30, tzinfo=ZoneInfo("Europe/Berlin"))
ROWS = household(TODAY).transactions
CALLER = Caller(
    member=Member(id="anna", name="Anna", role=Role.OWNER), pod="finance", rights=ALL_RIGHTS
)
LAST = (date(2026, 10, 1), date(2026, 11, 1))
BEFORE = (date(2026, 9, 1), date(2026, 10, 1))
YEAR = (date(2026, 1, 1), date(2027, 1, 1))
Ask = Callable[..., ToolResult]


class NoPassages:
    """A library without documents."""

    async def search(self, query: str, *, limit: int = 5) -> list[Passage]:
        """Nothing."""
        return []


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> ToolFolder:
    """The ledger over both statements of the sample household."""
    path = Path(tmp_path_factory.mktemp("pod")) / "pod.sqlite3"
    migrate(path, "pod")
    database = Database(path)
    deps = ToolDependencies(database, Household("Europe/Berlin", "EUR"), NoPassages(), lambda: NOW)
    built = folder(deps)
    giro = nordbank(by_bank(ROWS, "nordbank"), first_day(TODAY), TODAY)
    card = meridian(by_bank(ROWS, "meridian"))
    for name, data in (("nordbank-giro.csv", giro), ("meridian-card.csv", card)):
        _import(database, built, name, data)
    return built


def _import(database: Database, built: ToolFolder, name: str, data: bytes) -> None:
    importer = built.importers[0]
    parsed = importer.read(data, name)
    text = importer.text(data, parsed)
    new = NewDocument("finance", f"2026/{name}", name, "ledger", name, len(data), 0.0, text)
    with database.write() as session:
        importer.store(session, documents.put(session, new, NOW), parsed)


@pytest.fixture
def ask(house: ToolFolder) -> Ask:
    """Puts a request to a tool."""

    def put(tool: str, request: str, *recent: str, **arguments: str) -> ToolResult:
        chosen = next(one for one in house.tools if one.name == f"ledger_{tool}")
        context = ToolContext(CALLER, NOW, request, recent)

        async def run() -> ToolResult:
            return await chosen.run(context, chosen.arguments.model_validate(arguments))

        return asyncio.run(run())

    return put


def _spent(start: date, end: date, **wanted: str) -> str:
    found = _rows(start, end, -1)
    return _money(sum(r.minor_units for r in found if _is(r, wanted)))


def _rows(start: date, end: date, sign: int) -> list[Transaction]:
    return [
        row
        for row in ROWS
        if start <= row.booked < end and row.minor_units * sign > 0 and row.category != "transfer"
    ]


def _is(row: Transaction, wanted: dict[str, str]) -> bool:
    return all(getattr(row, key) == value for key, value in wanted.items())


def _money(cents: int) -> str:
    whole, rest = divmod(abs(cents), 100)
    return f"{whole:,}.{rest:02d} EUR"


@pytest.mark.parametrize(
    ("request_", "expected"),
    [
        ("How much did we spend on groceries last month?", _spent(*LAST, category="groceries")),
        ("What did we spend on food in October?", _spent(*LAST, category="groceries")),
        ("What did we spend on restaurants in October?", _spent(*LAST, category="restaurants")),
        ("How much did we spend eating out last month?", _spent(*LAST, category="restaurants")),
        ("How much did we pay Hausverwaltung Brandt last month?", _spent(*LAST, category="rent")),
        ("How much did we pay Brandt in September 2026?", _spent(*BEFORE, category="rent")),
        ("How much did we pay the landlord in September?", _spent(*BEFORE, category="rent")),
        ("How much have we spent at Grünmarkt this year?", _spent(*YEAR, payee="Grünmarkt")),
        ("how much at gruenmarkt this year", _spent(*YEAR, payee="Grünmarkt")),
        ("How much did the car repair cost?", "1,318.75 EUR"),
        ("What did we spend on books?", _spent(*YEAR, payee="Buchhandlung Papyrus")),
        (
            "How much money came in this year?",
            _money(sum(r.minor_units for r in _rows(*YEAR, 1))),
        ),
        ("How much did Northfield Software pay in October?", "2,286.40 EUR"),
        ("How much did we spend the month before?", _spent(*LAST)),
        ("How much did we spend on car insurance last month?", "61.48 EUR"),
        ("How much did we spend in all last month?", _spent(*LAST)),
        ("What did the washing machine cost?", "749.00 EUR"),
        ("How much did we transfer to the Meridian card last month?", "900.00 EUR"),
        (
            "What did we earn last month?",
            _money(sum(r.minor_units for r in _rows(*LAST, 1))),
        ),
        (
            "How much salary did we get in October?",
            _money(sum(r.minor_units for r in _rows(*LAST, 1) if r.category == "salary")),
        ),
        ("How much child benefit did we receive last month?", "518.00 EUR"),
    ],
)
def test_totals(ask: Ask, request_: str, expected: str) -> None:
    result = ask("total", request_)
    assert result.found
    assert expected in result.answer
    assert expected in result.facts[0].text
    assert result.facts[0].citation is None
    assert "[1]" in result.answer


def test_an_answer_reads_well(ask: Ask) -> None:
    asked = "How much did we spend on groceries last month?"
    count = sum(row.category == "groceries" for row in _rows(*LAST, -1))
    total = _spent(*LAST, category="groceries")
    result = ask("total", asked, what="groceries", when="last month", direction="spent")
    assert result.answer == (
        f"You spent {total} on groceries in October 2026, in {count} payments. [1] [2] [3]"
    )


@pytest.mark.parametrize(
    ("talk", "expected"),
    [
        (
            ["How much did we spend on groceries last month?", "And the month before?"],
            _spent(*BEFORE, category="groceries"),
        ),
        (
            [
                "How much did we spend on groceries last month?",
                "And the month before?",
                "And the month before that?",
            ],
            _spent(date(2026, 8, 1), date(2026, 9, 1), category="groceries"),
        ),
        (
            ["How much did we spend on groceries last month?", "And on restaurants?"],
            _spent(*LAST, category="restaurants"),
        ),
        (
            ["How much did we spend on groceries last month?", "What about September?"],
            _spent(*BEFORE, category="groceries"),
        ),
        (
            ["What did we earn last month?", "And the month before?"],
            _money(sum(r.minor_units for r in _rows(*BEFORE, 1))),
        ),
        (
            ["How much did we spend on groceries last month?", "How much did we spend this year?"],
            _spent(*YEAR),
        ),
    ],
)
def test_follow_ups(ask: Ask, talk: list[str], expected: str) -> None:
    assert expected in ask("total", talk[-1], *talk[:-1]).answer


def test_the_year_before_has_no_statements(ask: Ask) -> None:
    result = ask("total", "And the year before?", "How much did we spend on groceries in October?")
    assert result.answer.startswith("I found no payments for groceries in October 2025.")
    assert "1 May 2026" in result.answer


def test_without_a_period_all_data_counts(ask: Ask) -> None:
    result = ask("total", "How much did we spend on restaurants?")
    first = min(row.booked for row in ROWS)
    assert _spent(first, date(2027, 1, 1), category="restaurants") in result.answer
    assert f"since {first.day} {first:%B %Y}" in result.answer


def test_words_of_the_model_that_nobody_said_do_not_count(ask: Ask) -> None:
    asked = "How much did we spend last month?"
    result = ask("total", asked, what="groceries", when="this year", direction="received")
    assert _spent(*LAST) in result.answer


def test_the_unknown_is_unknown(ask: Ask) -> None:
    result = ask("total", "How much did we spend on helicopters last month?")
    assert not result.found
    assert not result.facts
    assert result.answer.startswith("I don't know")
    assert "“helicopters”" in result.answer


def test_a_balance_is_not_a_sum(ask: Ask) -> None:
    result = ask("total", "How much do we have on the account?")
    assert not result.found
    assert result.answer.startswith("I don't know")


def test_the_number_of_the_talk_before_holds(ask: Ask) -> None:
    before = "What were the three largest payments this year?"
    assert len(ask("largest", "And last month?", before).facts) == 3


def test_the_largest_payments(ask: Ask) -> None:
    result = ask("largest", "What were the five largest payments this year?")
    largest = sorted(-row.minor_units for row in _rows(*YEAR, -1))[-5:]
    assert result.verbatim
    assert len(result.facts) == 5
    lines = result.answer.splitlines()[1:6]
    for number, (line, cents) in enumerate(zip(lines, reversed(largest), strict=True), 1):
        assert _money(cents) in line
        assert line.endswith(f"[{number}]")


@pytest.mark.parametrize(
    ("request_", "count"),
    [
        ("Top 3 expenses last month", 3),
        ("What was our biggest expense last month?", 1),
        ("What was the largest payment this year?", 1),
        ("Which were the largest payments in October?", 5),
    ],
)
def test_how_many_are_listed(ask: Ask, request_: str, count: int) -> None:
    assert len(ask("largest", request_).facts) == count


def test_the_breakdown_adds_up(ask: Ask) -> None:
    result = ask("breakdown", "What did we spend most on last month?")
    sums: dict[str, int] = {}
    for row in _rows(*LAST, -1):
        sums[row.category] = sums.get(row.category, 0) - row.minor_units
    lines = result.answer.splitlines()
    assert _money(sum(sums.values())) in lines[0]
    assert len(lines) == 1 + len(sums)
    for line, cents in zip(lines[1:], sorted(sums.values(), reverse=True), strict=True):
        assert _money(cents) in line


def test_a_list_cites_every_payment(ask: Ask) -> None:
    result = ask("list", "Show me the payments to Grünmarkt in October.")
    rows = [row for row in _rows(*LAST, -1) if row.payee == "Grünmarkt"]
    cited = [fact.citation for fact in result.facts if fact.citation]
    assert result.verbatim
    assert len(cited) == len(rows)
    assert {one.source for one in cited} == {"nordbank-giro.csv"}
    assert _money(sum(row.minor_units for row in rows)) in result.answer


def test_a_citation_opens_at_its_line(ask: Ask, house: ToolFolder) -> None:
    citation = ask("list", "Show me the payments to the landlord in October.").facts[1].citation
    assert citation is not None
    kind, _, key = citation.ref.partition(":")
    view = house.openers[kind](key)
    cited = [line for line in view.lines if line.cited]
    assert [f"line {line.number}" for line in cited] == [citation.locator]
    assert "Hausverwaltung Brandt" in cited[0].text
    assert "-1.180,00" in cited[0].text
    assert citation.snippet == "2026-10-01 Hausverwaltung Brandt −1,180.00 EUR"
    assert any("Buchungstag" in line.text for line in view.lines)


@pytest.mark.parametrize("key", ["999999", "x", "-1", ""])
def test_what_is_gone_is_not_found(house: ToolFolder, key: str) -> None:
    with pytest.raises(NotFound):
        house.openers["transaction"](key)
