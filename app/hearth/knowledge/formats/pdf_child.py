"""The process that reads one PDF: standard input to a JSON list of pages, within hard limits."""

from __future__ import annotations

import json
import re
import resource
import sys
from io import BytesIO
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pypdf import PageObject

MOST_PAGES = 2_000
MOST_CHARACTERS = 10_000_000
SECONDS = 120
_MEMORY = 1 << 30
_KEPT = 0.8  # share of the words that a page's layout must keep
BROKEN, PASSWORD, TOO_MUCH = 10, 11, 12  # exit statuses


def main() -> int:
    """Read the PDF on standard input; an exit status of this module says why it cannot be."""
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    try:
        pages = _pages(sys.stdin.buffer.read())
    except _TooMuch:
        return TOO_MUCH
    except _Locked:
        return PASSWORD
    except Exception:  # the edge: a hostile file may make the parser raise anything
        return BROKEN
    sys.stdout.write(json.dumps(pages))
    return 0


class _TooMuch(Exception):
    pass


class _Locked(Exception):
    pass


def _pages(data: bytes) -> list[str]:
    # Only this process needs the library.
    from pypdf import PasswordType, PdfReader  # noqa: PLC0415
    from pypdf.errors import DependencyError  # noqa: PLC0415

    reader = PdfReader(BytesIO(data))
    try:
        if reader.is_encrypted and reader.decrypt("") == PasswordType.NOT_DECRYPTED:
            raise _Locked
    except DependencyError as error:  # AES needs a library that Hearth does not carry
        raise _Locked from error
    if len(reader.pages) > MOST_PAGES:
        raise _TooMuch
    pages: list[str] = []
    for page in reader.pages:
        pages.append(_clean(_text(page)))
        if sum(map(len, pages)) > MOST_CHARACTERS:
            raise _TooMuch
    return pages


def _text(page: PageObject) -> str:
    """The page as it is laid out, its paragraphs apart; in drawing order where that loses words."""
    plain = page.extract_text()
    try:
        laid_out = page.extract_text(extraction_mode="layout")
    except Exception:  # the layout of a page is a nicety, its text is not
        return plain
    enough = len(laid_out.split()) >= _KEPT * len(plain.split())
    return laid_out if enough else plain


def _clean(text: str) -> str:
    """Printable text: no run of more than two spaces, no more than one blank line."""
    printable = "".join(mark if mark == "\n" or mark.isprintable() else " " for mark in text)
    lines = (re.sub(r" {2,}", "  ", line).strip() for line in printable.split("\n"))
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip("\n")


if __name__ == "__main__":
    sys.exit(main())
