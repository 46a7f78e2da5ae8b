"""How a benchmark reports: rows for machines, a table for people, with date and machine."""

from __future__ import annotations

import json
import os
import platform
import re
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

ROOT = Path(__file__).parents[2]
DOCUMENT = ROOT / "docs" / "benchmarks.md"


@dataclass(frozen=True)
class Row:
    """One figure. `ok` is none where there is no target."""

    name: str
    value: float
    unit: str
    target: str = ""
    ok: bool | None = None


def at_most(name: str, value: float, unit: str, limit: float) -> Row:
    """A figure that should not exceed `limit`."""
    return Row(name, value, unit, f"≤ {limit:g}", value <= limit)


def publish(benchmark: str, rows: list[Row], notes: str) -> None:
    """Write build/bench/NAME.json, print the table, and put it into docs/benchmarks.md."""
    write(benchmark, rows)
    section = headed(notes, table(rows))
    print(section)
    insert(benchmark, section)


def write(benchmark: str, rows: list[Row]) -> None:
    """Write build/bench/NAME.json."""
    folder = ROOT / "build" / "bench"
    folder.mkdir(parents=True, exist_ok=True)
    listed = [asdict(row) for row in rows]
    (folder / f"{benchmark}.json").write_text(json.dumps(listed, indent=2) + "\n")


def headed(notes: str, *parts: str) -> str:
    """A section: when and on what it was measured, then its parts."""
    first = f"Measured on {datetime.now(UTC):%Y-%m-%d} on {_machine()}. {notes}"
    return "\n\n".join([first, *parts])


def table(rows: list[Row]) -> str:
    """A line a figure."""
    lines = [
        "| figure | value | target | met |",
        "|---|---:|---|---|",
    ]
    met = {True: "yes", False: "**no**", None: ""}
    lines += [
        f"| {row.name} | {row.value:,.4g} {row.unit} | {row.target} | {met[row.ok]} |"
        for row in rows
    ]
    return "\n".join(lines)


def _machine() -> str:
    cpu = re.search(r"model name\s*:\s*(.+)", Path("/proc/cpuinfo").read_text())
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    name = cpu.group(1).strip() if cpu else platform.machine()
    return f"{os.cpu_count()} cores ({name}), {memory:.0f} GiB, Python {platform.python_version()}"


def insert(benchmark: str, section: str) -> None:
    """Put a section between its markers in docs/benchmarks.md."""
    begin, end = f"<!-- {benchmark} -->", f"<!-- /{benchmark} -->"
    text = DOCUMENT.read_text(encoding="utf-8")
    head, _, rest = text.partition(begin)
    _, _, tail = rest.partition(end)
    DOCUMENT.write_text(f"{head}{begin}\n{section}\n{end}{tail}", encoding="utf-8")
