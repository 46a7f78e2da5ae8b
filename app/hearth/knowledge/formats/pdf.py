"""PDF: the text of each page, read by a child process that cannot take the pod with it."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys

from hearth.core.errors import BadInput, TooLarge
from hearth.knowledge.formats import pdf_child
from hearth.knowledge.formats.base import Reading, subject, title_from_name

SUFFIXES = frozenset({".pdf"})
_WORD = re.compile(r"\w{2,}")
_REFUSALS: dict[int, tuple[type[BadInput], str, str]] = {
    pdf_child.PASSWORD: (
        BadInput,
        "this PDF is locked with a password",
        "Save a copy without the password and add that.",
    ),
    pdf_child.TOO_MUCH: (
        TooLarge,
        f"this PDF has over {pdf_child.MOST_PAGES} pages or {pdf_child.MOST_CHARACTERS} characters",
        "Split it and add the parts that matter.",
    ),
}
_BROKEN = (
    BadInput,
    "this PDF is damaged or too hard to read",
    "Open it in a viewer, print it to a new PDF, and add that.",
)


def read(name: str, data: bytes) -> Reading:
    """The text of a PDF, its pages ended by form feeds; BadInput for one without text."""
    try:
        child = subprocess.run(
            [sys.executable, "-P", "-m", pdf_child.__name__],
            env={"PYTHONPATH": os.pathsep.join(sys.path)},
            input=data,
            capture_output=True,
            timeout=pdf_child.SECONDS,
            check=False,
        )
        status, found = child.returncode, child.stdout
    except subprocess.TimeoutExpired:
        status, found = pdf_child.BROKEN, b""
    if status:
        kind, message, remedy = _REFUSALS.get(status, _BROKEN)
        raise kind(message, where=name, remedy=remedy)
    return _reading(name, json.loads(found))


def _reading(name: str, pages: list[str]) -> Reading:
    if not any(_WORD.search(page) for page in pages):
        raise BadInput(
            "there is no text in this PDF; it is probably a scan",
            where=name,
            remedy="Add a version with text, or type what matters as a note.",
        )
    return Reading(
        kind="text",
        title=subject(pages[0]) or title_from_name(name),
        text="\f".join(pages),
        paged=True,
        detail=f"{len(pages)} page{'s' if len(pages) > 1 else ''}",
    )
