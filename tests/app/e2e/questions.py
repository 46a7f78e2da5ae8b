"""The household questions of the end-to-end run, each with a check of its answer."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

import expected

from hearth.ops.sample import Household

Reply = Mapping[str, Any]  # what `hearth ask --json` prints
Check = Callable[[Reply], bool]
HOME = {"family", "work"}


@dataclass(frozen=True)
class Question:
    """What is asked where; `follows` continues the conversation of the question before it."""

    pod: str
    text: str
    check: Check
    follows: bool = False
    confirm: bool = False  # confirm the proposal that comes of it


def holds(*needed: str, cited: bool = True) -> Check:
    """The answer has every one of `needed`, and a source."""

    def check(reply: Reply) -> bool:
        answer = plain(reply["answer"])
        found = all(plain(piece) in answer for piece in needed)
        return found and (bool(reply["citations"]) or not cited)

    return check


def unknown(reply: Reply) -> bool:
    """The answer says that it is not known, and cites nothing."""
    return "i don't know" in plain(reply["answer"]) and not reply["citations"]


def proposes(*needed: str) -> Check:
    """There is one proposal, and its sentence has every one of `needed`."""

    def check(reply: Reply) -> bool:
        sentences = [plain(proposal["sentence"]) for proposal in reply["proposals"]]
        return len(sentences) == 1 and all(plain(piece) in sentences[0] for piece in needed)

    return check


def plain(text: str) -> str:
    """Lower case, straight quotes, single spaces."""
    return re.sub(r"\s+", " ", text.lower().replace("’", "'"))


def questions(house: Household, now: datetime) -> Iterator[Question]:
    """Thirty-two questions about the sample household as it stands at `now`."""
    yield from _calendar(house, now)
    yield from _papers()
    yield from _ledger(house, now.date())
    yield from _study(house, now)
    yield from _changes(now.date())


def _weekday(today: date, weekday: int) -> date:
    """The next such weekday after today, Monday being 0."""
    return today + timedelta(days=(weekday - today.weekday() - 1) % 7 + 1)


def _calendar(house: Household, now: datetime) -> Iterator[Question]:
    today = now.date()
    tomorrow = today + timedelta(days=1)
    saturday, sunday = _weekday(today, 5), _weekday(today, 6)
    evening = expected.following(house, "Parents' evening", now)
    dentist = expected.following(house, "Dentist Ben", now)
    birthday = expected.following(house, "Mia's birthday", now)
    yield Question("family", "What is on tomorrow?", holds(*expected.on(house, HOME, tomorrow)))
    yield Question("family", "And on Sunday?", _day(house, sunday), follows=True)
    yield Question(
        "family",
        "When is the next parents' evening?",
        holds(expected.long_date(evening.date()), f"{evening:%H:%M}"),
    )
    yield Question("family", "Are we free on Saturday afternoon?", _free(house, saturday))
    yield Question(
        "family",
        "When does Ben have to go to the dentist?",
        holds(expected.long_date(dentist.date()), f"{dentist:%H:%M}"),
    )
    yield Question("family", "When is Mia's birthday?", holds(expected.long_date(birthday.date())))
    holidays = expected.following(house, "School holidays", now)
    yield Question(
        "family", "When do the school holidays begin?", holds(expected.long_date(holidays.date()))
    )


def _day(house: Household, day: date) -> Check:
    names = expected.on(house, HOME, day)
    return holds(expected.long_date(day), *names, cited=bool(names))


def _free(house: Household, day: date) -> Check:
    start = datetime.combine(day, time(12), expected.ZONE)
    names = expected.between(house, HOME, start, start.replace(hour=18))

    def check(reply: Reply) -> bool:
        answer = plain(reply["answer"])
        if names:
            return answer.startswith("no") and all(plain(name) in answer for name in names)
        return answer.startswith("yes") and expected.long_date(day).lower() in answer

    return check


def _papers() -> Iterator[Question]:
    yield Question(
        "family",
        "What does the landlord's letter say about the heating?",
        holds("8 December", "8:00"),
    )
    yield Question("family", "How much does the class trip cost for each pupil?", holds("286"))
    yield Question("family", "What is the wifi password for guests?", holds("kirschbaum-42"))
    yield Question("family", "What is Ben allergic to?", holds("hazelnut"))
    yield Question("family", "What food should Minka the cat get?", holds("kidney"))
    yield Question("family", "Which bulb does the lamp over the dining table take?", holds("E27"))
    yield Question("family", "What is the name of our lawyer?", unknown)
    yield Question("family", "Which airline did we book for Lisbon?", unknown)


def _ledger(house: Household, today: date) -> Iterator[Question]:
    rows = house.transactions
    last, before = expected.month_before(today), expected.month_before(today, 2)
    year = (date(today.year, 1, 1), date(today.year + 1, 1, 1))
    groceries = expected.money(expected.spent(rows, *last, category="groceries"))
    earlier = expected.money(expected.spent(rows, *before, category="groceries"))
    rent = expected.money(expected.spent(rows, *last, payee="Hausverwaltung Brandt"))
    market = expected.money(expected.spent(rows, *year, payee="Grünmarkt"))
    top = [expected.money(cents) for cents in expected.largest(rows, today.year, 5)]
    yield Question("finance", "How much did we spend on groceries last month?", holds(groceries))
    yield Question("finance", "And the month before?", holds(earlier), follows=True)
    yield Question(
        "finance", "What were the five largest payments this year?", holds(*dict.fromkeys(top))
    )
    yield Question("finance", "How much did we pay Hausverwaltung Brandt last month?", holds(rent))
    yield Question(
        "finance",
        "What did we earn last month?",
        holds(expected.money(expected.earned(rows, *last))),
    )
    yield Question("finance", "How much have we spent at Grünmarkt this year?", holds(market))
    yield Question("finance", "How much is the car insurance premium for 2027?", holds("737.76"))
    yield Question("finance", "Until when can we object to the tax notice?", holds("26 November"))
    yield Question("finance", "How much should the emergency fund hold?", holds("12,000"))
    yield Question("finance", "What is the interest rate of our mortgage?", unknown)


def _study(house: Household, now: datetime) -> Iterator[Question]:
    test = expected.following(house, "French test", now)
    yield Question("study", "When is the French test?", holds(expected.long_date(test.date())))
    yield Question("study", "What do mitochondria do?", holds("energy"))
    yield Question("study", "When was the storming of the Bastille?", holds("14 July 1789"))
    yield Question("study", "What does le trottoir mean in English?", holds("pavement"))


def _changes(today: date) -> Iterator[Question]:
    day = today + timedelta(days=2)
    date_of_it = expected.long_date(day)
    yield Question(
        "family",
        f"Add dentist on {day:%A} at 15:30 for Mia",
        proposes("dentist", "Mia", date_of_it, "15:30"),
        confirm=True,
    )
    yield Question(
        "family",
        "Remember that the bins go out on Thursdays",
        proposes("bins go out on Thursdays"),
        confirm=True,
    )
    yield Question("family", "When do the bins go out?", holds("Thursday"))
    yield Question(
        "family", f"What is on in the afternoon of {date_of_it}?", holds("dentist", "15:30")
    )
