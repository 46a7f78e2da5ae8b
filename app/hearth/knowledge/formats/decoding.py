"""Bytes to text, or a clear word about why not."""

from __future__ import annotations

import codecs
import re

from hearth.core.errors import BadInput

_BOMS = {
    codecs.BOM_UTF8: "utf-8-sig",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
_SAVE_AS = 'Save it again with the encoding "UTF-8" and add it once more.'
_SAMPLE = 65_536  # bytes from which an older encoding is guessed
_MOST_CHAOS = 0.1  # charset-normalizer's own measure of mess, 0 to 1
_CONTROLS = re.compile(r"[\x00-\x08\x0e-\x1a\x1c-\x1f\x7f-\x84\x86-\x9f]")
_UTF8_PAIR = re.compile(rb"[\xc3-\xf4][\x80-\xbf]")


def decode(data: bytes, name: str) -> str:
    """The text of a file, lines ending in "\\n": UTF-8, or an older encoding that explains it.

    Raises BadInput with the byte at which it stops being text.
    """
    text = _decoded(data, name)
    if found := _CONTROLS.search(text):
        raise BadInput(
            f"character {found.start() + 1} is the control code {ord(found[0]):#04x}; "
            "this is not a text",
            where=name,
            remedy="Add the file that it was exported from, or save it as plain text.",
        )
    # A form feed ends a page in formats that have pages; in a plain text it is only space.
    return text.replace("\r\n", "\n").replace("\r", "\n").replace("\f", " ")


def _decoded(data: bytes, name: str) -> str:
    encoding = next((known for bom, known in _BOMS.items() if data.startswith(bom)), "utf-8")
    try:
        return data.decode(encoding)
    except UnicodeDecodeError as error:
        if encoding == "utf-8" and (text := _older(data, error.start)) is not None:
            return text
        raise BadInput(
            f"byte {error.start} (0x{data[error.start]:02x}) is not valid "
            f"{'UTF-16' if encoding == 'utf-16' else 'UTF-8'}, and no other encoding explains it",
            where=name,
            remedy=_SAVE_AS,
        ) from error


def _older(data: bytes, start: int) -> str | None:
    """The text in the single-byte encoding that it was probably written in."""
    # Among sound multi-byte letters a broken one is damage, not another encoding.
    if b"\0" in data or _UTF8_PAIR.search(data[:start]):
        return None
    import charset_normalizer  # noqa: PLC0415 - seldom needed, and megabytes

    middle = max(0, start - _SAMPLE // 2)
    sample = data[middle : middle + _SAMPLE]
    best = charset_normalizer.from_bytes(sample, cp_isolation=["cp1252", "cp1250"]).best()
    if best is None or best.chaos > _MOST_CHAOS:
        return None
    try:
        return data.decode(best.encoding)
    except UnicodeDecodeError:
        return None
