"""The NOTICE file: what Hearth stands on, with the licence of each."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from licences.components import Component

_HEAD = """\
Hearth
Licensed under the Apache License, Version 2.0; see LICENSE.

Hearth stands on the components below, each under its own licence. None of them is changed. The
file is written by `make notice` from app/requirements, the pages' scripts and the model manifest;
the licences that are accepted, and the exceptions with their reasons, stand in
scripts/licences/policy.toml.
"""


def notice(
    packages: Iterable[Component],
    scripts: Iterable[Component],
    models: Iterable[Component],
    for_tests: Iterable[Component],
) -> str:
    """The whole file."""
    sections = {
        "Python packages": packages,
        "Scripts of the pages": scripts,
        "Models (fetched by `hearth models pull`, not distributed with Hearth)": models,
        "Used to build and test, not distributed with Hearth": for_tests,
    }
    return "\n".join([_HEAD, *(line for part in sections.items() for line in _section(*part))])


def _section(title: str, components: Iterable[Component]) -> Iterator[str]:
    yield f"{title}\n{'-' * len(title)}"
    for component in components:
        yield f"{component.name} {component.version}".rstrip() + f": {component.licence}"
    yield ""
