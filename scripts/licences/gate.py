"""Which components must not come in, and why."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from license_expression import ExpressionError, get_spdx_licensing

from licences.components import Component

_POLICY = Path(__file__).with_name("policy.toml")
_SPDX = get_spdx_licensing()


@dataclass(frozen=True)
class Policy:
    """What is accepted."""

    allowed: frozenset[str]
    exceptions: Mapping[str, str]  # one more licence for a component, by its name
    stated: Mapping[str, str]


def policy() -> Policy:
    """The policy as it is written down."""
    written = tomllib.loads(_POLICY.read_text(encoding="utf-8"))
    exceptions = {entry["name"]: entry["licence"] for entry in written["exception"]}
    return Policy(frozenset(written["allowed"]), exceptions, written["stated"])


def refused(components: Iterable[Component], rules: Policy) -> Iterator[str]:
    """A sentence for each component that the policy does not accept."""
    for component in components:
        if reason := _reason(component, rules):
            yield f"{component.kind} {component.name} {component.version}: {reason}"


def _reason(component: Component, rules: Policy) -> str | None:
    if not component.licence:
        return "its licence is not known; read it and add it to [stated] in policy.toml"
    try:
        expression = _SPDX.parse(component.licence, validate=True)
    except ExpressionError:
        return f"{component.licence!r} is not an SPDX expression"
    accepted = rules.allowed | {rules.exceptions.get(component.name, "")}
    return None if _accepted(expression, accepted) else f"{component.licence} is not accepted"


def _accepted(expression: Any, accepted: frozenset[str]) -> bool:
    if isinstance(expression, _SPDX.OR):
        return any(_accepted(part, accepted) for part in expression.args)
    if isinstance(expression, _SPDX.AND):
        return all(_accepted(part, accepted) for part in expression.args)
    licence = getattr(expression, "license_symbol", expression)  # what stands before WITH
    return licence.key in accepted
