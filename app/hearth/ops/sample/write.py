"""Writes the sample household's files, and the configuration that serves them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from importlib.resources import files
from pathlib import Path

from hearth.ops.sample.calendars import calendar
from hearth.ops.sample.household import SEED, Household, household
from hearth.ops.sample.money import by_bank, first_day
from hearth.ops.sample.statements import meridian, nordbank

_CALENDARS = {"family": "family", "work": "family", "exams": "study"}  # and their folders


def write_household(folder: Path, today: date, seed: int = SEED) -> list[Path]:
    """Write every file under `folder`, in family/, finance/ and study/; return their paths."""
    written = []
    for name, data in sorted(contents(household(today, seed), seed)):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        written.append(path)
    return written


def contents(house: Household, seed: int) -> Iterator[tuple[str, bytes]]:
    """Each file's name below the folder, and its bytes."""
    # Drawing needs the `sample` extra; nothing else of the CLI does.
    from hearth.ops.sample.letter import printed  # noqa: PLC0415
    from hearth.ops.sample.photograph import photograph  # noqa: PLC0415

    for name, folder in _CALENDARS.items():
        events = [event for event in house.events if event.calendar == name]
        yield f"{folder}/{name}.ics", calendar(name, events, house.today)
    for paper in house.papers:
        text = paper.text.encode()
        if paper.name.endswith(".pdf"):
            text = printed(paper.text, Path(paper.name).stem)
        yield f"{paper.folder}/{paper.name}", text
    yesterday = house.today - timedelta(days=1)
    giro = by_bank(house.transactions, "nordbank")
    yield "finance/nordbank-giro.csv", nordbank(giro, first_day(house.today), yesterday)
    yield "finance/meridian-card.csv", meridian(by_bank(house.transactions, "meridian"))
    yield "finance/receipt-gruenmarkt.jpg", photograph(house.receipt, seed)


def write_configuration(path: Path) -> None:
    """Write the sample's configuration, which reads the household beside it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes((files(__package__) / "sample.toml").read_bytes())
