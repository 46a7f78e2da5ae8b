"""Six months and the days since of two accounts: a giro account and a card."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta

from hearth.ops.sample.days import FRIDAY, month_start, workday
from hearth.ops.sample.shapes import Bank, Receipt, Transaction

TRANSFER = 90_000  # cents, moved from the giro account to the card each month
CAR_INSURANCE = 6_148
RENT = 118_000
_DAY = timedelta(days=1)

# (day of month, cents, payee, purpose, category): the same every month on the giro account.
_MONTHLY = (
    (1, -RENT, "Hausverwaltung Brandt", "Rent Gartenstraße 12, 3rd floor", "rent"),
    (2, -CAR_INSURANCE, "Nordlicht Versicherung", "Car insurance B-AS 482", "insurance"),
    (3, -11_800, "Stadtwerke Havelstadt", "Electricity and gas instalment", "utilities"),
    (5, -21_400, "Kita Regenbogen", "Kindergarten Ben", "childcare"),
    (6, -3_999, "Fernnetz GmbH", "Internet and telephone", "utilities"),
    (15, -2_790, "Schwimmverein Linde", "Membership Mia", "leisure"),
    (16, 51_800, "Familienkasse", "Child benefit", "income"),
    (27, 341_257, "Brückner Maschinenbau GmbH", "Salary Jonas Sommer", "salary"),
    (28, 228_640, "Northfield Software Inc", "Salary Anna Sommer", "salary"),
)
# (days ago, bank, cents, payee, purpose, category): the payments that stand out.
_LARGE: tuple[tuple[int, Bank, int, str, str, str], ...] = (
    (12, "nordbank", -74_900, "Elektro Vogt", "Washing machine, invoice 20417", "household"),
    (33, "meridian", -248_600, "Seeblick Ferienhaus", "Holiday house, summer booking", "travel"),
    (58, "nordbank", -131_875, "Autohaus Kern", "Car repair, clutch, invoice 8812", "car"),
    (85, "nordbank", -186_000, "Kieferorthopädie Dr. Wolf", "Braces Mia, first half", "health"),
    (120, "nordbank", -129_000, "Möbelwerkstatt Hain", "Dining table in oak", "household"),
)
# (mean days between, bank, cheapest, dearest, payee, purpose, category)
_Habit = tuple[float, Bank, int, int, str, str, str]
_HABITS: tuple[_Habit, ...] = (
    (5, "nordbank", 3_820, 11_480, "Grünmarkt", "Card payment supermarket", "groceries"),
    (6, "nordbank", 540, 1_690, "Kornhof Bäckerei", "Card payment bakery", "groceries"),
    (30, "nordbank", 850, 3_240, "Linden-Apotheke", "Card payment pharmacy", "health"),
    (25, "nordbank", 5_000, 15_000, "Nordbank", "Cash withdrawal Marktplatz", "cash"),
    (9, "meridian", 1_230, 5_460, "Biomarkt Sonnenhof", "Organic supermarket", "groceries"),
    (13, "meridian", 2_480, 8_150, "Trattoria da Lina", "Restaurant", "restaurants"),
    (15, "meridian", 780, 2_360, "Café Morgenrot", "Café", "restaurants"),
    (14, "meridian", 4_390, 7_820, "Tankpunkt Ost", "Fuel", "fuel"),
    (40, "meridian", 1_490, 4_980, "Buchhandlung Papyrus", "Books", "leisure"),
    (45, "meridian", 2_990, 11_900, "Modehaus Linde", "Clothing", "clothing"),
    (35, "meridian", 1_900, 5_800, "Regiobahn", "Train tickets", "transport"),
)


def first_day(today: date) -> date:
    """Where the statements begin: six whole months before the current one."""
    return month_start(today, -6)


def transactions(today: date, chance: random.Random, receipt: Receipt) -> tuple[Transaction, ...]:
    """All payments up to yesterday, oldest first, each with its bank's reference."""
    until = today - _DAY
    found = [
        *_monthly(today),
        *_transfers(today),
        *_large(today),
        *_habits(today, chance),
        *_once(today),
        _till(receipt),
    ]
    booked = sorted((t for t in found if t.booked <= until), key=lambda t: (t.booked, t.bank))
    return tuple(replace(t, reference=_reference(t, number)) for number, t in enumerate(booked))


def _months(today: date) -> Iterator[date]:
    for months in range(-6, 1):
        yield month_start(today, months)


def _monthly(today: date) -> Iterator[Transaction]:
    for month in _months(today):
        for day, cents, payee, purpose, category in _MONTHLY:
            booked = workday(month, day - 1)
            yield Transaction("nordbank", booked, cents, payee, purpose, category)


def _transfers(today: date) -> Iterator[Transaction]:
    for month in _months(today):
        day = workday(month, 1)
        out = f"Transfer to Meridian card {month:%m/%Y}"
        yield Transaction("nordbank", day, -TRANSFER, "Anna Sommer", out, "transfer")
        arrived = workday(day, 1)
        into = "Transfer from Nordbank account"
        yield Transaction("meridian", arrived, TRANSFER, "Anna Sommer", into, "transfer")


def _large(today: date) -> Iterator[Transaction]:
    for days, bank, cents, payee, purpose, category in _LARGE:
        yield Transaction(bank, workday(today, -days), cents, payee, purpose, category)


def _habits(today: date, chance: random.Random) -> Iterator[Transaction]:
    for gap, bank, cheapest, dearest, payee, purpose, category in _HABITS:
        for day in _about_every(gap, first_day(today), today, chance):
            cents = -chance.randint(cheapest, dearest)
            if category == "cash":
                cents = round(cents, -3)
            yield Transaction(bank, day, cents, payee, purpose, category)


def _about_every(gap: float, start: date, today: date, chance: random.Random) -> Iterator[date]:
    day = start + timedelta(days=chance.randint(1, max(2, int(gap))))
    while day < today:
        yield day if day.weekday() <= FRIDAY + 1 else day - _DAY  # shops are closed on Sundays
        day += timedelta(days=max(1, round(gap * chance.uniform(0.7, 1.3))))


def _once(today: date) -> Iterator[Transaction]:
    """A refund, a quarterly premium, and two equal payments on one day."""
    back = "Return of a jacket"
    yield Transaction("meridian", workday(today, -20), 5_995, "Modehaus Linde", back, "clothing")
    for months in (-5, -2):
        quarter = workday(month_start(today, months), 9)
        yield Transaction(
            "nordbank",
            quarter,
            -4_260,
            "Nordlicht Versicherung",
            "Household insurance",
            "insurance",
        )
    fair = workday(today, -16)
    for _ in range(2):
        yield Transaction(
            "nordbank", fair, -1_250, "Linden School", "Ticket school concert", "leisure"
        )


def _till(receipt: Receipt) -> Transaction:
    day = receipt.bought.date()
    return Transaction(
        "nordbank", day, -receipt.total, receipt.shop, "Card payment supermarket", "groceries"
    )


def _reference(transaction: Transaction, number: int) -> str:
    if transaction.bank == "nordbank":
        return f"NB{transaction.booked:%y%m%d}{number:04d}"
    return f"M-{transaction.booked:%Y}-{number:05d}"


def by_bank(all_: tuple[Transaction, ...], bank: Bank) -> list[Transaction]:
    """One bank's payments, oldest first."""
    return [transaction for transaction in all_ if transaction.bank == bank]
