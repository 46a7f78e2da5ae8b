"""A CSV file as its table: what stands above it, its columns, and its rows by line."""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from hearth.core.errors import BadInput
from hearth.tools.ledger import columns
from hearth.tools.ledger.columns import Columns

_DELIMITERS = ";,\t|"
_HEADER_WITHIN = 40  # lines
_CONTROLS = re.compile(r"[\x00-\x08\x0b\x0e-\x1f\x7f-\x9f]")
_UTF8_PAIR = re.compile(rb"[\xc3-\xf4][\x80-\xbf]")
_EXPORT_AGAIN = "Export the statement from the bank again as CSV and add that file."
_MOST_CHAOS = 0.1  # charset-normalizer's measure of mess, 0 to 1


@dataclass(frozen=True)
class Row:
    """One record and the line, from 1, on which it begins."""

    line: int
    cells: Sequence[str]


@dataclass(frozen=True)
class Table:
    """A statement before its values are read."""

    above: Sequence[Row]
    columns: Columns
    rows: Sequence[Row]
    ended: bool  # the last line has its line end


def decode(data: bytes, name: str) -> str:
    """The text of a file: UTF-8, UTF-16 with its mark, or the Western encoding that explains it."""
    text = _decoded(data, name)
    if found := _CONTROLS.search(text):
        line = text.count("\n", 0, found.start()) + 1
        raise BadInput(
            f"there is a control code ({ord(found[0]):#04x}) that no statement has",
            where=f"{name}, line {line}",
            remedy=_EXPORT_AGAIN,
        )
    return text


def read(text: str, name: str) -> Table:
    """Find the columns and check that every row has them. Raises BadInput."""
    delimiter, header, found = _header(text, name)
    records = list(_records(text, delimiter, name))
    rows = [row for row in records if row.line > header and any(map(str.strip, row.cells))]
    above = [row for row in records if row.line < header]
    for row in rows:
        _check_width(row, found.width, name)
    if not rows:
        raise BadInput("there is no payment in it", where=name, remedy=_EXPORT_AGAIN)
    return Table(above, found, rows, text.endswith(("\n", "\r")))


def heading_line(text: str) -> int:
    """The line, from 1, that names the columns of a statement that was read before."""
    return _header(text, "")[1]


def _decoded(data: bytes, name: str) -> str:
    marked = data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    try:
        return data.decode("utf-16" if marked else "utf-8-sig")
    except UnicodeDecodeError as error:
        # Among sound multi-byte letters a broken one is damage, not another encoding.
        if not marked and not _UTF8_PAIR.search(data[: error.start]):
            older = _older(data)
            if older is not None:
                return older
        line = data.count(b"\n", 0, error.start) + 1
        raise BadInput(
            f"byte 0x{data[error.start]:02x} belongs to no text encoding that fits the file",
            where=f"{name}, line {line}",
            remedy=_EXPORT_AGAIN,
        ) from error


def _older(data: bytes) -> str | None:
    import charset_normalizer  # noqa: PLC0415 - seldom needed, and megabytes

    best = charset_normalizer.from_bytes(data, cp_isolation=["cp1252", "cp1250"]).best()
    if best is None or best.chaos > _MOST_CHAOS:
        return None
    try:
        return data.decode(best.encoding)
    except UnicodeDecodeError:
        return None


def _header(text: str, name: str) -> tuple[str, int, Columns]:
    """The delimiter, the header's line and its columns, by the most known names in one line."""
    best: tuple[int, str, int, Columns] | None = None
    head = "".join(text.splitlines(keepends=True)[:_HEADER_WITHIN])
    for delimiter in _DELIMITERS:
        for row in _leniently(head, delimiter):
            if len(row.cells) < 2 or not any(map(str.strip, row.cells)):
                continue
            found = columns.match(row.cells)
            if best is None or len(found.at) > best[0]:
                best = (len(found.at), delimiter, row.line, found)
    if best is None or best[0] < 2:
        raise BadInput(
            "no line names the columns of a bank statement, separated by ; , | or tabs",
            where=f"{name}, line 1",
            remedy=_EXPORT_AGAIN,
        )
    if missing := best[3].missing:
        raise BadInput(
            f"the statement has no column for {missing}",
            where=f"{name}, line {best[2]}",
            remedy="Export it with date, payee or purpose, and amount.",
        )
    return best[1], best[2], best[3]


def _leniently(text: str, delimiter: str) -> Iterator[Row]:
    """Rows for a look at the header only."""
    for number, line in enumerate(text.splitlines(), 1):
        yield Row(number, next(csv.reader([line], delimiter=delimiter), []))


def _records(text: str, delimiter: str, name: str) -> Iterator[Row]:
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    line = 1
    try:
        for cells in reader:
            yield Row(line, cells)
            line = reader.line_num + 1
    except csv.Error as error:
        raise BadInput(
            f"the line is torn or its quotes do not match ({error})",
            where=f"{name}, line {line}",
            remedy=_EXPORT_AGAIN,
        ) from error


def _check_width(row: Row, width: int, name: str) -> None:
    more = any(map(str.strip, row.cells[width:]))
    if len(row.cells) < width or more:
        raise BadInput(
            f"the line has {len(row.cells)} columns where the heading has {width}; it may be torn",
            where=f"{name}, line {row.line}",
            remedy=_EXPORT_AGAIN,
        )
