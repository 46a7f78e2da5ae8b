"""The configuration's reference, written from its definition."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from hearth.config.settings import Settings

_INTRODUCTION = """\
# Configuration

One TOML file tells Hearth everything. `hearth up` reads the one named by `--config`, else by
`$HEARTH_CONFIG`, else `hearth.toml` or `var/hearth.toml` in the current folder, else a box's own,
`/etc/hearth/hearth.toml`. Relative paths are taken from the file's own folder. An unknown key or a
wrong value stops the start and is named; `hearth config check` tells without starting anything.

Secrets never stand in the file: they are systemd credentials, or files in `STATE_DIR/keys`.

This page is written by `hearth config reference` from the definition in `hearth.config`.
"""
_NAMED = {
    "engines": "NAME",
    "models": "MODEL",
    "pods": "NAME",
    "connectors": "NAME",
    "members": "LOGIN",
}
_LIMITS = {
    "minimum": "at least {}",
    "maximum": "at most {}",
    "minLength": "at least {} characters",
    "maxLength": "at most {} characters",
    "pattern": "like `{}`",
}


def reference() -> str:
    """The whole page, in Markdown."""
    schema = Settings.model_json_schema()
    return "\n".join([_INTRODUCTION, *_table("", schema, schema["$defs"])]).rstrip() + "\n"


def _table(path: str, section: dict[str, Any], known: dict[str, Any]) -> Iterator[str]:
    yield f"## `[{path}]`\n" if path else "## The top of the file\n"
    if path:
        yield f"{section['description']}\n"
    yield "| key | value | default | meaning |\n| --- | --- | --- | --- |"
    inner = []
    for key, field in section["properties"].items():
        name = _section_of(field)
        if name is None:
            yield _row(key, field, key in section.get("required", ()), known)
        else:
            step = f"{key}.{_NAMED[key]}" if key in _NAMED else key
            inner.append((step, known[name]))
    yield ""
    for step, child in inner:
        yield from _table(f"{path}.{step}" if path else step, child, known)


def _section_of(field: dict[str, Any]) -> str | None:
    """The table that this key opens, or None for a value."""
    # `X | None` is a table that may be left out.
    target = next((one for one in field.get("anyOf", ()) if "$ref" in one), field)
    for key in ("additionalProperties", "patternProperties"):
        if isinstance(field.get(key), dict):
            target = next(iter(field[key].values())) if key == "patternProperties" else field[key]
    name = str(target.get("$ref", "")).rpartition("/")[2]
    return name if name.endswith("Settings") else None


def _row(key: str, field: dict[str, Any], required: bool, known: dict[str, Any]) -> str:
    default = "required" if required else _default(field)
    kind = _kind(field, known).replace("|", "\\|")
    return f"| `{key}` | {kind} | {default} | {field.get('description', '')} |"


def _default(field: dict[str, Any]) -> str:
    value = field.get("default")
    if value is None or value in ({}, []):
        return "none"
    return f"`{json.dumps(value)}`"


def _kind(field: dict[str, Any], known: dict[str, Any]) -> str:
    if "$ref" in field:
        return _kind(known[field["$ref"].rpartition("/")[2]], known)
    if "anyOf" in field:
        kinds = [one for one in field["anyOf"] if one.get("type") != "null"]
        return " or ".join(_kind(one, known) for one in kinds)
    if choices := field.get("enum") or ([field["const"]] if "const" in field else []):
        return " or ".join(f"`{json.dumps(value)}`" for value in choices)
    if field["type"] == "array":
        return f"list of {_kind(field['items'], known)}"
    if field["type"] == "object":
        return f"table of {_kind(_values(field), known)}"
    return ", ".join([_type(field), *_limits(field)])


def _values(field: dict[str, Any]) -> dict[str, Any]:
    values = field.get("additionalProperties")
    if isinstance(values, dict):
        return values
    return dict(next(iter(field["patternProperties"].values())))


def _type(field: dict[str, Any]) -> str:
    return "path" if field.get("format") == "path" else str(field["type"])


def _limits(field: dict[str, Any]) -> Iterator[str]:
    for key, words in _LIMITS.items():
        if key in field:
            limit = field[key]
            yield words.format(f"{limit:,}" if isinstance(limit, int) else limit)
