"""What a file is by its first bytes, whatever its name says."""

from __future__ import annotations

from pathlib import PurePath

from hearth.core.errors import BadInput

_SIGNATURES: tuple[tuple[bytes, str], ...] = (
    (b"\x89PNG\r\n\x1a\n", "a PNG picture"),
    (b"\xff\xd8\xff", "a JPEG picture"),
    (b"%PDF-", "a PDF"),
    (b"PK\x03\x04", "a zip archive"),
    (b"PK\x05\x06", "a zip archive"),
    (b"\x1f\x8b", "a gzip archive"),
    (b"BZh", "a bzip2 archive"),
    (b"\xfd7zXZ\x00", "an xz archive"),
    (b"(\xb5/\xfd", "a zstd archive"),
    (b"7z\xbc\xaf\x27\x1c", "a 7-Zip archive"),
    (b"Rar!\x1a\x07", "a RAR archive"),
    (b"GIF8", "a GIF picture"),
    (b"\x7fELF", "a program"),
    (b"MZ\x90\x00", "a program"),
    (b"SQLite format 3\x00", "a database"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an old Office document"),
)
_EXPECTED = {
    ".pdf": "a PDF",
    ".png": "a PNG picture",
    ".jpg": "a JPEG picture",
    ".jpeg": "a JPEG picture",
}
_ARCHIVES = frozenset({".zip", ".gz", ".tgz", ".bz2", ".xz", ".zst", ".7z", ".rar", ".tar"})


def check(name: str, data: bytes) -> None:
    """Refuse a file whose content is not what its name says; BadInput names both."""
    suffix = PurePath(name).suffix.lower()
    found = content(data)
    expected = _EXPECTED.get(suffix)
    if suffix in _EXPECTED and found != expected:
        raise BadInput(
            f"the name says {expected}, but the content is {found or 'something else'}",
            where=name,
            remedy="Add the file that it was made from, under its right name.",
        )
    if found and suffix not in _EXPECTED:
        raise BadInput(
            f"the name says text ({suffix or 'no suffix'}), but the content is {found}",
            where=name,
            remedy="Give the file its right suffix, or add the text that is meant.",
        )


def is_archive(name: str) -> bool:
    """Whether the name is that of an archive."""
    return PurePath(name).suffix.lower() in _ARCHIVES


def content(data: bytes) -> str | None:
    """What the first bytes say the file is, in words; None for what has no signature."""
    return next((words for magic, words in _SIGNATURES if data.startswith(magic)), None)
