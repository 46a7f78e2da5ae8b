"""Statements of banks, sound and damaged, against what is in them."""

from __future__ import annotations

import csv
import io
import itertools
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hearth.core.errors import BadInput
from hearth.ops.sample.household import household
from hearth.ops.sample.money import by_bank, first_day
from hearth.ops.sample.statements import english, german, meridian, nordbank
from hearth.store.database import Database
from hearth.store.migrate import migrate
from hearth.store.pod import documents, ledger
from hearth.store.pod.documents import NewDocument
from hearth.store.pod.ledger import NewPayment
from hearth.tools.ledger.importer import LedgerImporter

TODAY = date(2026, 11, 23)
ROWS = household(TODAY).transactions
GIRO = nordbank(by_bank(ROWS, "nordbank"), first_day(TODAY), TODAY)
CARD = meridian(by_bank(ROWS, "meridian"))
IMPORTER = LedgerImporter("EUR")
PAYEES = ("Grünmarkt", "Café Morgenrot", "Smith, Jones & Co", 'The "Old" Shop', "A; B")


@pytest.fixture
def database(tmp_path: Path) -> Database:
    """An empty pod."""
    return _database(tmp_path)


def _database(folder: Path) -> Database:
    migrate(folder / "pod.sqlite3", "pod")
    return Database(folder / "pod.sqlite3")


def _enter(database: Database, name: str, data: bytes) -> int:
    parsed = IMPORTER.read(data, name)
    text = IMPORTER.text(data, parsed)
    new = NewDocument("finance", name, name, "ledger", name, len(data), 0.0, text)
    with database.write() as session:
        document = documents.put(session, new, datetime.now(UTC))
        documents.describe(session, document, IMPORTER.store(session, document, parsed))
    return document


Booked = list[tuple[date, int, str, str]]


def _booked(database: Database) -> Booked:
    with database.read() as session:
        found = ledger.payments(session)
    return sorted((one.booked, one.minor_units, one.payee, one.purpose) for one in found)


def _plain(name: str, *lines: str) -> Sequence[NewPayment]:
    return IMPORTER.read("\n".join(lines).encode(), name)


@pytest.mark.parametrize(
    ("bank", "data"), [("nordbank", GIRO), ("meridian", CARD)], ids=["nordbank", "meridian"]
)
def test_the_sample_is_read_exactly(bank: str, data: bytes) -> None:
    rows = [row for row in ROWS if row.bank == bank]
    parsed = IMPORTER.read(data, f"{bank}.csv")
    assert Counter((p.booked, p.minor_units, p.payee, p.purpose, p.bank_id) for p in parsed) == (
        Counter((r.booked, r.minor_units, r.payee, r.purpose, r.reference) for r in rows)
    )
    lines = IMPORTER.text(data, parsed).split("\n")
    assert all(p.bank_id in lines[p.line - 1] for p in parsed if p.bank_id)


@pytest.mark.parametrize("day", [TODAY, date(2026, 3, 1), date(2027, 1, 31)])
def test_categories_are_those_a_person_would_choose(day: date) -> None:
    rows = household(day).transactions
    giro = nordbank(by_bank(rows, "nordbank"), first_day(day), day)
    read = [
        *IMPORTER.read(giro, "nordbank-giro.csv"),
        *IMPORTER.read(meridian(by_bank(rows, "meridian")), "meridian-card.csv"),
    ]
    expected: Counter[str] = Counter()
    found: Counter[str] = Counter()
    for row in rows:
        expected[row.category] += row.minor_units
    for one in read:
        found[one.category] += one.minor_units
    assert found == expected


def test_the_rules_alone_file_the_card_alike() -> None:
    bare = CARD.decode("utf-8-sig").replace(",Category,", ",Elsewhere,").encode()
    rows = {row.reference: row.category for row in ROWS if "Transfer" not in row.purpose}
    read = {one.bank_id: one.category for one in IMPORTER.read(bare, "card.csv")}
    assert {key: read[key] for key in rows if key in read} == {
        key: category for key, category in rows.items() if key in read
    }


def test_the_account_is_the_iban_or_the_file(database: Database) -> None:
    assert {p.account for p in IMPORTER.read(GIRO, "x.csv")} == {"DE28 9999 0000 0012 3456 78"}
    for name in ("meridian-card.csv", "meridian-card (1).csv", "meridian-card-2026-10.csv"):
        assert {p.account for p in IMPORTER.read(CARD, name)} == {"meridian-card"}


def test_a_payment_in_two_statements_counts_once(database: Database) -> None:
    _enter(database, "a.csv", GIRO)
    before = _booked(database)
    twice = _enter(database, "b.csv", GIRO)
    assert _booked(database) == before
    with database.read() as session:
        assert "in another statement too" in documents.get(session, twice).detail


def test_removing_a_statement_leaves_what_another_shows(database: Database) -> None:
    first = _enter(database, "a.csv", GIRO)
    before = _booked(database)
    _enter(database, "b.csv", GIRO)
    with database.write() as session:
        documents.remove(session, [first])
    assert _booked(database) == before


HEADER = "Date,Payee,Description,Amount"
ONE = "2026-10-01,School,Ticket,-12.50"
TWO = "2026-10-02,School,Ticket,-12.50"


def test_without_numbers_equal_payments_count_as_often_as_one_statement_has_them(
    database: Database,
) -> None:
    _enter(database, "card-1.csv", f"{HEADER}\n{ONE}\n{ONE}".encode())
    _enter(database, "card-2.csv", f"{HEADER}\n{ONE}\n{ONE}\n{ONE}\n{TWO}".encode())
    _enter(database, "card-3.csv", f"{HEADER}\n{ONE}\n{TWO}".encode())
    assert [row[0].day for row in _booked(database)] == [1, 1, 1, 2]


def test_accounts_keep_their_equal_payments(database: Database) -> None:
    for name in ("card.csv", "giro.csv"):
        _enter(database, name, f"{HEADER}\n{ONE}".encode())
    assert len(_booked(database)) == 2


def test_any_order_gives_the_same_ledger(tmp_path: Path) -> None:
    giro = by_bank(ROWS, "nordbank")
    parts = [
        ("a.csv", nordbank(giro[:120], first_day(TODAY), TODAY)),
        ("b.csv", nordbank(giro[80:], first_day(TODAY), TODAY)),
        ("meridian-card.csv", CARD),
    ]
    seen: list[Booked] = []
    for number, order in enumerate(itertools.permutations(parts)):
        folder = tmp_path / str(number)
        database = _database(folder)
        for name, data in (*order, order[0]):
            _enter(database, name, data)
        seen.append(_booked(database))
    assert all(one == seen[0] for one in seen)
    assert len(seen[0]) == len(ROWS)


_PAYMENTS = st.lists(
    st.tuples(
        st.dates(date(2020, 1, 1), date(2030, 12, 31)),
        st.integers(-10_000_000, 10_000_000).filter(bool),
        st.sampled_from(PAYEES),
    ),
    min_size=1,
    max_size=30,
)


@contextmanager
def _fresh() -> Iterator[Database]:
    with TemporaryDirectory() as folder:
        database = _database(Path(folder))
        yield database
        database.close()


def _german(rows: Sequence[tuple[date, int, str]]) -> bytes:
    out = io.StringIO(newline="")
    table = csv.writer(out, delimiter=";")
    table.writerow(["Buchungstag", "Empfänger", "Verwendungszweck", "Betrag", "Referenz"])
    for number, (day, cents, payee) in enumerate(rows):
        table.writerow([f"{day:%d.%m.%Y}", payee, "Kauf", german(cents), f"R{number}"])
    return out.getvalue().encode("cp1252")


def _english(rows: Sequence[tuple[date, int, str]]) -> bytes:
    out = io.StringIO(newline="")
    table = csv.writer(out)
    table.writerow(["Date", "Counterparty", "Debit", "Credit", "ID"])
    for number, (day, cents, payee) in enumerate(rows):
        sides = ["", english(cents)] if cents > 0 else [english(-cents), ""]
        table.writerow([day.isoformat(), payee, *sides, f"R{number}"])
    return out.getvalue().encode("utf-8-sig")


@settings(max_examples=25, deadline=None)
@given(_PAYMENTS)
def test_totals_are_the_decimal_sums(rows: list[tuple[date, int, str]]) -> None:
    expected = sum((Decimal(cents) / 100 for _, cents, _ in rows), Decimal())
    with _fresh() as database:
        for name, data in (("giro.csv", _german(rows)), ("card.csv", _english(rows))):
            _enter(database, name, data)
        with database.read() as session:
            found = ledger.payments(session)
        assert len(found) == 2 * len(rows)
        assert sum(one.minor_units for one in found) == 2 * expected * 100


@pytest.mark.parametrize(
    ("lines", "booked"),
    [
        (["Date,Description,Amount", "13/10/2026,Shop,-4.50", "03/04/2026,Shop,-1.00"], "04-03"),
        (["Date,Description,Amount", "10/13/2026,Shop,-4.50", "03/04/2026,Shop,-1.00"], "03-04"),
        (["Datum;Empfänger;Betrag", "13.10.26;Laden;-4,50", "03.04.26;Laden;-1,00"], "04-03"),
        (["Date\tPayee\tMoney out\tMoney in", "2026-04-03\tShop\t1.00\t"], "04-03"),
        (["Datum|Empfänger|Umsatz|Soll/Haben", "03.04.2026|Laden|1,00|S"], "04-03"),
        (["Date,Payee,Amount", "03 Apr 2026,Shop,1.00-"], "04-03"),
        (["Date,Payee,Amount (EUR)", "2026-04-03,Shop,(1.00)"], "04-03"),
        (["Date,Payee,Amount", "2026-04-03T10:11:12,Shop,−1.00 €"], "04-03"),
        (["Date,Payee,Amount", "2026-04-03,Job,1 200.50", "2026-04-03,Shop,-EUR 1.00"], "04-03"),
        (["Datum;Name;Betrag", "3.4.2026;Job;CHF 1'200.50", "3.4.2026;Laden;-1.00CHF"], "04-03"),
    ],
)
def test_other_banks(lines: list[str], booked: str) -> None:
    last = _plain("bank.csv", *lines)[-1]
    assert (last.booked.isoformat(), last.minor_units) == (f"2026-{booked}", -100)


def test_numbers_may_get_shorter() -> None:
    lines = ["Date,Payee,Amount,ID", "2026-04-03,Shop,-1.00,10", "2026-04-03,Shop,-1,9", ""]
    assert [p.bank_id for p in _plain("x.csv", *lines)] == ["10", "9"]


def test_a_currency_of_its_own_kind() -> None:
    lines = ["Date,Payee,Amount,Currency", "2026-04-03,Shop,-1500,JPY", "2026-04-03,Bar,-2.50,CHF"]
    assert [(p.minor_units, p.currency) for p in _plain("x.csv", *lines)] == [
        (-1500, "JPY"),
        (-250, "CHF"),
    ]


@pytest.mark.parametrize(
    ("data", "where", "message"),
    [
        (GIRO.replace(b";", b":"), "line 1", "no line names the columns"),
        (b"", "line 1", "no line names the columns"),
        (b"Date,Payee\n2026-10-01,Shop\n", "line 1", "no column for an amount"),
        (b"Payee,Amount\nShop,-1.00\n", "line 1", "no column for a date"),
        (b"Date,Payee,Amount\n", "x.csv", "no payment"),
        (b"Date,Payee,Amount\n2026-10-01,A,-1.00\n2026-10-", "line 3", "1 columns"),
        (b"Date,Payee,Amount\n2026-10-01,A,-1.00\n2026-10-02,B,-1", "line 3", "torn"),
        (b"Date,Payee,Amount\n2026-10-01,A,-1.00\n2026-10-02,B,", "line 3", "not an amount"),
        (b"Date,Payee,Amount\n2026-10-01,A,-1.00\n2026-10-02,B,-1.00,9\n", "line 3", "4 columns"),
        (b'Date,Payee,Amount\n2026-10-01,A,-1.00\n2026-10-02,"B,-1', "line 3", "quotes"),
        (b"Date,Payee,Amount\n2026-02-30,A,-1.00\n", "line 2", "not a date"),
        (b"Date,Payee,Amount\n03/04/2026,A,-1.00\n", "line 2", "day or the month"),
        (b"Date,Payee,Amount\n13/04/2026,A,-1.00\n04/13/2026,A,-1.00\n", "line 2", "day first"),
        (b"Date,Payee,Amount\n2026-10-01,A,-1.234\n", "line 2", "1.234"),
        (b'Date,Payee,Amount\n2026-10-01,A,-1.50\n2026-10-01,A,"-1,50"\n', "line 2", "decimal"),
        (b"Date,Payee,Amount\n2026-10-01,A,12.5x0\n2026-10-01,A,1.00\n", "line 2", "not an amount"),
        (b"Date,Payee,Amount\n2026-10-01,A\x00,-1.00\n", "line 2", "control code"),
        (
            b"Date,Payee,Amount\n2026-10-01,\xc3\xbc,-1.00\n2026-10-02,\xff,-1.00\n",
            "line 3",
            "0xff",
        ),
        (b"Date,Payee,Debit,Credit\n2026-10-01,A,1.00,2.00\n", "line 2", "either under debit"),
        (b"Date,Payee,Debit,Credit\n2026-10-01,A,,\n", "line 2", "either under debit"),
        (b"Date,Payee,Amount,Currency\n2026-10-01,A,-1.00,Taler\n", "line 2", "not a currency"),
        (GIRO[:-20], "x.csv, line", "columns"),
        (GIRO[:-5], "x.csv, line", "torn"),
    ],
)
def test_what_cannot_be_read_for_certain_is_refused(
    database: Database, data: bytes, where: str, message: str
) -> None:
    with pytest.raises(BadInput) as refused:
        _enter(database, "x.csv", data)
    assert refused.value.where is not None
    assert refused.value.where.startswith("x.csv")
    assert where in refused.value.where
    assert message in refused.value.message
    assert refused.value.remedy
    assert _booked(database) == []


def test_a_statement_of_income_alone_says_so(database: Database) -> None:
    document = _enter(database, "x.csv", b"Date,Payee,Amount\n2026-10-01,A,1.00\n")
    with database.read() as session:
        assert documents.get(session, document).detail == "1 payment, all money in"
