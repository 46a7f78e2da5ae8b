"""The household's notes and letters: texts beside this file, with their dates filled in."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from importlib.resources import files
from string import Template

from hearth.ops.sample.days import MONDAY, TUESDAY, coming, workday, written
from hearth.ops.sample.events import holiday_monday
from hearth.ops.sample.shapes import Paper

PRINTED = frozenset({"landlord-heating.txt"})  # reaches the household as a PDF


def papers(today: date) -> tuple[Paper, ...]:
    """Every text with the dates that fit `today`, by folder and name."""
    return tuple(_filled(today))


def _filled(today: date) -> Iterator[Paper]:
    dates = _dates(today)
    for folder in sorted((files(__package__) / "texts").iterdir(), key=lambda f: f.name):
        for text in sorted(folder.iterdir(), key=lambda f: f.name):
            words = Template(text.read_text(encoding="utf-8")).substitute(dates)
            printed = text.name in PRINTED
            name = text.name.replace(".txt", ".pdf") if printed else text.name
            yield Paper(folder.name, name, words)


def _dates(today: date) -> dict[str, str]:
    days = {
        "landlord_wrote": workday(today, -9),
        "heating_service": coming(today, TUESDAY, 2),
        "school_wrote": workday(today, -6),
        "trip_deadline": workday(today, 11),
        "trip_start": coming(today, MONDAY, 7),
        "trip_end": coming(today, MONDAY, 7) + timedelta(days=4),
        "insurance_wrote": workday(today, -25),
        "insurance_notice": workday(today, 40),
        "vet_wrote": workday(today, -18),
        "vet_next": workday(today, 75),
        "vaccination_mia": workday(today, 17),
        "vaccination_ben": workday(today, 130),
        "tax_wrote": workday(today, -30),
        "tax_paid": workday(today, -22),
        "tax_objection": workday(today, 3),
        "car_wrote": workday(today, -40),
        "car_notice": workday(today, 8),
        "holiday_start": holiday_monday(today),
        "biology": workday(today, 4),
        "french": workday(today, 9),
        "history": workday(today, 15),
    }
    return {name: written(day) for name, day in days.items()} | {
        "year": str(today.year),
        "last_year": str(today.year - 1),
        "next_year": str(today.year + 1),
    }
