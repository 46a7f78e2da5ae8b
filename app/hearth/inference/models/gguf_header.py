"""Reads what a GGUF file says about itself, without its weights and without llama.cpp.

Versions 2 and 3 of the format that docs/gguf.md of ggml specifies. A file comes from anywhere, so
every count and every length is checked against what the file can hold before it is believed.
The `gguf` package takes 6 to 12 seconds for the vocabulary of a chat model; this takes 0.2.
"""

from __future__ import annotations

import math
import re
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from hearth.core.errors import Damaged, NotFound

Value = int | float | bool | str | tuple[int | float | bool, ...]

_SCALARS = {  # type → struct format
    0: "B", 1: "b", 2: "H", 3: "h", 4: "I", 5: "i", 6: "f", 7: "?", 10: "Q", 11: "q", 12: "d",
}  # fmt: skip
_STRING, _ARRAY = 8, 9
TYPES = {  # ggml_type → name, elements of a block, bytes of a block
    0: ("F32", 1, 4), 1: ("F16", 1, 2), 2: ("Q4_0", 32, 18), 3: ("Q4_1", 32, 20),
    6: ("Q5_0", 32, 22), 7: ("Q5_1", 32, 24), 8: ("Q8_0", 32, 34), 9: ("Q8_1", 32, 36),
    10: ("Q2_K", 256, 84), 11: ("Q3_K", 256, 110), 12: ("Q4_K", 256, 144), 13: ("Q5_K", 256, 176),
    14: ("Q6_K", 256, 210), 15: ("Q8_K", 256, 292), 16: ("IQ2_XXS", 256, 66),
    17: ("IQ2_XS", 256, 74), 18: ("IQ3_XXS", 256, 98), 19: ("IQ1_S", 256, 50),
    20: ("IQ4_NL", 32, 18), 21: ("IQ3_S", 256, 110), 22: ("IQ2_S", 256, 82),
    23: ("IQ4_XS", 256, 136), 24: ("I8", 1, 1), 25: ("I16", 1, 2), 26: ("I32", 1, 4),
    27: ("I64", 1, 8), 28: ("F64", 1, 8), 29: ("IQ1_M", 256, 56), 30: ("BF16", 1, 2),
    34: ("TQ1_0", 256, 54), 35: ("TQ2_0", 256, 66), 39: ("MXFP4", 32, 17), 40: ("NVFP4", 64, 36),
}  # fmt: skip

_ENTRIES = 65_536  # keys, and tensors
_STRINGS = 4_194_304  # in all arrays; the largest vocabularies have a million with their merges
_KEPT = 4_096  # characters of a string, and numbers of an array; of the rest only the size counts
_NAME_BYTES = 65_535
_DIMENSIONS = 4
_PART = re.compile(r"-00001-of-(\d{5})\.gguf$")


@dataclass(frozen=True)
class Tensor:
    """A tensor's place in the model."""

    name: str
    type: str
    shape: tuple[int, ...]
    bytes: int


@dataclass(frozen=True)
class Header:
    """A GGUF's metadata and tensors; of arrays of strings only the length is known."""

    path: Path
    metadata: dict[str, Value]
    lengths: dict[str, int]  # of arrays
    tensors: tuple[Tensor, ...]


def read(path: Path) -> Header:
    """The header of a GGUF, and of all its parts if it is the first of several.

    Raises Damaged where it is not as the format says, NotFound where it or a part is missing.
    """
    first = _read_one(path)
    parts = first.metadata.get("split.count", 0)
    if not isinstance(parts, int) or parts <= 1:
        return first
    found = _PART.search(path.name)
    if not found or int(found[1]) != parts:
        raise _damaged(path, f"this is one of {parts} parts, and not the first")
    names = [f"{path.name[: found.start()]}-{n:05}-of-{parts:05}.gguf" for n in range(2, parts + 1)]
    others = [_read_one(path.with_name(name)) for name in names]
    tensors = [tensor for part in (first, *others) for tensor in part.tensors]
    return Header(path, first.metadata, first.lengths, tuple(tensors))


def _read_one(path: Path) -> Header:
    try:
        with path.open("rb", buffering=1 << 18) as file:
            return _Reader(path, file).header()
    except FileNotFoundError as error:
        raise NotFound(
            "there is no such file", where=str(path), remedy="Run `hearth models pull`."
        ) from error


class _Reader:
    def __init__(self, path: Path, file: BinaryIO) -> None:
        self._path = path
        self._file = file
        self._size = path.stat().st_size
        self._at = 0
        self._strings = 0  # seen in arrays
        self._lengths: dict[str, int] = {}

    def header(self) -> Header:
        if self._take(4) != b"GGUF":
            raise _damaged(self._path, "this is not a GGUF file")
        version = self._number("I")
        if version not in (2, 3):
            order = "big-endian" if version and not version & 0xFFFF else f"of version {version}"
            raise _damaged(
                self._path, f"this GGUF is {order}; versions 2 and 3, little-endian, are known"
            )
        tensors, keys = self._count("Q", 24, _ENTRIES), self._count("Q", 13, _ENTRIES)
        metadata: dict[str, Value] = {}
        for _ in range(keys):
            key = self._name()
            if key in metadata or key in self._lengths:
                raise _damaged(self._path, f"the key {key!r} stands there twice")
            value = self._value(key, self._number("I"))
            if value is not None:
                metadata[key] = value
        infos = [self._tensor() for _ in range(tensors)]
        self._check_end(infos, metadata)
        found = tuple(tensor for tensor, _ in infos)
        if len({tensor.name for tensor in found}) < len(found):
            raise _damaged(self._path, "two tensors have the same name")
        return Header(self._path, metadata, self._lengths, found)

    def _value(self, key: str, kind: int) -> Value | None:
        if kind in _SCALARS:
            return self._number(_SCALARS[kind])
        if kind == _STRING:
            return self._text()
        if kind != _ARRAY:
            raise _damaged(self._path, f"the key {key!r} has the unknown type {kind}")
        kind = self._number("I")
        if kind == _STRING:
            self._lengths[key] = count = self._count("Q", 8, _STRINGS)
            self._skip_strings(count)
            return None
        if kind not in _SCALARS:
            raise _damaged(self._path, f"the key {key!r} is an array of the unknown type {kind}")
        letter = _SCALARS[kind]
        self._lengths[key] = count = self._count("Q", struct.calcsize(letter), self._size)
        if count > _KEPT:
            self._skip(count * struct.calcsize(letter))
            return None
        return struct.unpack(f"<{count}{letter}", self._take(count * struct.calcsize(letter)))

    def _tensor(self) -> tuple[Tensor, int]:
        name = self._name()
        dimensions = self._number("I")
        if dimensions > _DIMENSIONS:
            raise _damaged(self._path, f"the tensor {name!r} has {dimensions} dimensions")
        shape = struct.unpack(f"<{dimensions}Q", self._take(8 * dimensions))
        kind, offset = self._number("I"), self._number("Q")
        if kind not in TYPES:
            raise _damaged(self._path, f"the tensor {name!r} has the unknown type {kind}")
        label, elements, size = TYPES[kind]
        row = shape[0] if shape else 1
        if row % elements:
            raise _damaged(self._path, f"the tensor {name!r} has rows of {row}, no whole blocks")
        return Tensor(name, label, shape, math.prod(shape) // elements * size), offset

    def _check_end(self, infos: list[tuple[Tensor, int]], metadata: dict[str, Value]) -> None:
        """Refuse a file that ends before its last tensor."""
        alignment = metadata.get("general.alignment", 32)
        if not isinstance(alignment, int) or not 0 < alignment <= 1 << 20:
            raise _damaged(self._path, f"its alignment is {alignment!r}")
        begin = -(-self._at // alignment) * alignment
        end = max((begin + offset + tensor.bytes for tensor, offset in infos), default=0)
        if end > self._size:
            raise _damaged(self._path, f"it is cut off: {self._size} bytes of at least {end}")

    def _name(self) -> str:
        size = self._count("Q", 1, _NAME_BYTES)
        return self._decoded(self._take(size))

    def _text(self) -> str:
        size = self._count("Q", 1, self._size)
        text = self._decoded(self._take(min(size, _KEPT)), whole=size <= _KEPT)
        self._skip(max(size - _KEPT, 0))
        return text

    def _decoded(self, data: bytes, *, whole: bool = True) -> str:
        try:
            return data.decode("utf-8", "strict" if whole else "ignore")
        except UnicodeDecodeError as error:
            raise _damaged(self._path, f"byte {self._at} is no UTF-8") from error

    def _skip_strings(self, count: int) -> None:
        self._strings += count
        if self._strings > _STRINGS:
            raise _damaged(self._path, f"it has more than {_STRINGS} strings")
        read, seek, unpack = self._file.read, self._file.seek, struct.Struct("<Q").unpack
        at, end = self._at, self._size - 8
        for _ in range(count):
            if at > end:
                break
            at += 8 + unpack(read(8))[0]
            if at > self._size:
                break
            seek(at)
        self._at = self._file.tell()
        if at > self._size or at != self._at:
            raise self._short()

    def _count(self, letter: str, each: int, most: int) -> int:
        """A number of things of at least `each` bytes, which the rest of the file can hold."""
        count = self._number(letter)
        if count > most or count * each > self._size - self._at:
            raise _damaged(self._path, f"it claims {count} entries or bytes at byte {self._at}")
        return count

    def _number(self, letter: str) -> int:
        value: int = struct.unpack(f"<{letter}", self._take(struct.calcsize(f"<{letter}")))[0]
        return value

    def _take(self, size: int) -> bytes:
        data = self._file.read(size)
        self._at += len(data)
        if len(data) < size:
            raise self._short()
        return data

    def _skip(self, size: int) -> None:
        self._at = self._file.seek(self._at + size)

    def _short(self) -> Damaged:
        return _damaged(self._path, f"it is cut off within its header, at byte {self._at}")


def _damaged(path: Path, message: str) -> Damaged:
    return Damaged(
        message, where=str(path), remedy="Run `hearth models verify`, or pull the model again."
    )
