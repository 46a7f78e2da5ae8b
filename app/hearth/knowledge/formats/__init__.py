"""The formats that become documents: one module each, found by the file's suffix."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import PurePath

from hearth.core.errors import BadInput
from hearth.knowledge.formats import image, markdown, pdf, plain, signatures
from hearth.knowledge.formats.base import Reading, title_from_name

__all__ = ["SUFFIXES", "Reading", "check", "read", "title_from_name"]

_READERS: dict[str, Callable[[str, bytes], Reading]] = {
    suffix: module.read for module in (plain, markdown, pdf, image) for suffix in module.SUFFIXES
}
SUFFIXES = frozenset(_READERS)


def read(name: str, data: bytes) -> Reading:
    """The document in a file. Raises BadInput or TooLarge, in words for the member."""
    return _READERS[PurePath(name).suffix.lower()](name, data)


def check(name: str, data: bytes, others: frozenset[str] = frozenset()) -> None:
    """Refuse what no format takes: archives, unknown suffixes, false names, empty files.

    `others` are the suffixes that importers take.
    """
    suffix = PurePath(name).suffix.lower()
    if signatures.is_archive(name):
        raise BadInput(
            "archives are not read", where=name, remedy="Unpack it and add the files inside."
        )
    if suffix not in SUFFIXES | others:
        known = ", ".join(sorted(SUFFIXES | others))
        raise BadInput(
            f"files of the type {suffix or 'without a suffix'} are not read",
            where=name,
            remedy=f"Save it as one of {known}.",
        )
    if not data.strip():
        raise BadInput("the file is empty", where=name, remedy="Add it again with its content.")
    signatures.check(name, data)
