"""The files that Debian's programs read for what NixOS's options say."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

_DEPENDENCIES = {
    "after": "After",
    "before": "Before",
    "bindsTo": "BindsTo",
    "partOf": "PartOf",
    "requires": "Requires",
    "wants": "Wants",
}


def _value(given: Any) -> str:
    if isinstance(given, bool):
        return "true" if given else "false"
    return str(given)


def _lines(section: dict[str, Any]) -> Iterable[str]:
    for key, given in sorted(section.items()):
        for one in given if isinstance(given, list) else [given]:
            yield f"{key}={_value(one)}"


def unit(text: str) -> str:
    """Return a unit; NixOS's switching reads its X- keys, and so does the stack's."""
    return text.strip() + "\n"


def drop_in(given: dict[str, Any]) -> str:
    """Return a drop-in with the project's own settings of another's service."""
    dependencies = {_DEPENDENCIES[key]: " ".join(names) for key, names in given["lists"].items()}
    environment = [f'Environment="{k}={v}"' for k, v in sorted(given["environment"].items())]
    parts = {
        "Unit": [*_lines(dependencies), *_lines(given["unit"])],
        "Service": [*environment, *_lines(given["service"])],
    }
    texts = ["\n".join([f"[{name}]", *lines]) for name, lines in parts.items() if lines]
    return "\n\n".join(texts) + "\n"


def tmpfiles(given: dict[str, Any]) -> str:
    """Return tmpfiles.d lines for rules and for settings {file: {path: {type: line}}}."""
    lines = list(given["rules"])
    for _, paths in sorted(given["settings"].items()):
        for path, kinds in sorted(paths.items()):
            for kind, line in sorted(kinds.items()):
                mode, user, group, age = (line.get(k) or "-" for k in _TMPFILES)
                argument = line.get("argument") or ""
                lines.append(f"{kind} {path} {mode} {user} {group} {age} {argument}".strip())
    return "\n".join(lines) + "\n"


_TMPFILES = ("mode", "user", "group", "age")


def sysusers(users: dict[str, Any], groups: dict[str, Any]) -> str:
    """Return sysusers.d lines: groups first, then users, then who is in which group."""
    lines = [f"g {name} {group.get('gid') or '-'}" for name, group in sorted(groups.items())]
    members = {(name, m) for name, group in groups.items() for m in group.get("members", [])}
    for name, user in sorted(users.items()):
        number = user.get("uid") or "-"
        lines.append(f"u {name} {number}:{user['group']} - {user['home']} /usr/sbin/nologin")
        members |= {(group, name) for group in user["extraGroups"]}
    lines += [f"m {user} {group}" for group, user in sorted(members)]
    return "\n".join(lines) + "\n"


def nftables(tables: dict[str, Any]) -> str:
    """Return /etc/nftables.conf: each table is emptied before it is made."""
    texts = ["#!/usr/sbin/nft -f"]
    for name, table in sorted(tables.items()):
        head = f"{table['family']} {name}"
        body = "\n".join(f"  {line}".rstrip() for line in table["content"].strip().splitlines())
        texts.append(f"table {head}\ndelete table {head}\ntable {head} {{\n{body}\n}}")
    return "\n\n".join(texts) + "\n"
