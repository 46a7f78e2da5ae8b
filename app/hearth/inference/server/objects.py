"""The JSON object of a call, read out of a text that is still coming."""

from __future__ import annotations

import json
import re
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from pydantic_core import from_json

from hearth.inference.server.openings import NoCall

_HEADER = re.compile(r'\{\s*"name"\s*:\s*"([\w.-]+)"\s*,\s*"(?:arguments|parameters)"\s*:\s*(?=\{)')
_KEYS = {"name", "arguments", "parameters", "id", "type"}
_decode = json.JSONDecoder().raw_decode


@dataclass(frozen=True)
class Call:
    """A whole call."""

    name: str
    arguments: str  # JSON
    end: int  # where its object ends in the text


def header(text: str, at: int) -> tuple[str, int] | None:
    """A call's name and where its arguments begin, once both are there in the usual order."""
    found = _HEADER.match(text, at)
    return (found[1], found.end()) if found else None


def end_of(text: str, at: int) -> int | None:
    """Where the JSON value that begins there ends, if it does."""
    try:
        return _decode(text, at)[1]
    except (ValueError, RecursionError):
        return None


def read(text: str, at: int, names: Collection[str]) -> Call | None:
    """The call that is this object; None while that is open; raises NoCall."""
    value, end = _value(text, at)
    if not _is_call(value, names, whole=end is not None):
        raise NoCall
    if end is None:
        return None
    begun = header(text, at)
    if begun:  # the text itself, not what Python would make of it
        arguments = text[begun[1] : end_of(text, begun[1])]
    else:
        arguments = json.dumps(_arguments(value), ensure_ascii=False)
    return Call(value["name"], arguments, end)


def read_arguments(text: str, at: int, name: str) -> Call | None:
    """The call of a function with this object; None while that is open; raises NoCall."""
    _, end = _value(text, at)
    return None if end is None else Call(name, text[at:end], end)


def _value(text: str, at: int) -> tuple[Any, int | None]:
    """The object, as far as it has come, and its end if that has; raises NoCall if it is none."""
    try:
        value, end = _decode(text, at)
        from_json(text[at:end])  # the stricter of the two
    except json.JSONDecodeError:
        return _partial(text[at:]), None
    except (ValueError, RecursionError) as error:
        raise NoCall from error
    return value, end


def _partial(text: str) -> Any:
    try:
        return from_json(text, allow_partial="trailing-strings")
    except ValueError as error:
        raise NoCall from error


def _is_call(value: dict[str, Any], names: Collection[str], *, whole: bool) -> bool:
    """Whether an object is a call, or may become one."""
    name = value.get("name", None if whole else "")
    if not isinstance(name, str) or not value.keys() <= _KEYS:
        return False
    known = name in names if whole else any(one.startswith(name) for one in names)
    return known and isinstance(_arguments(value), dict)


def _arguments(value: dict[str, Any]) -> Any:
    return value.get("arguments", value.get("parameters", {}))
