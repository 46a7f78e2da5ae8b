"""The table of mistakes: each is injected into a host, and what catches it is shown."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from lab.inputs import is_real
from lab.nix import Nix, NixError
from lab.said import say
from lab.words import cause, table

HOST = "box"
# An evaluation takes one core and about 400 MB.
_AT_ONCE = 2


@dataclass(frozen=True)
class Verdict:
    """What became of a mistake. `by`: evaluation, assertion, or empty where nothing caught it."""

    name: str
    by: str
    words: str
    expected: str | None

    @property
    def right(self) -> bool:
        """Whether the mistake was caught by what should catch it, or passed where nothing can."""
        if self.expected is None:
            return not self.by
        return bool(self.by) and re.search(self.expected, self.words) is not None

    @property
    def cells(self) -> list[str]:
        """The row of the table."""
        state = "as listed" if self.right else "NOT AS LISTED"
        return [self.name, self.by or "not caught", state, self.words[:100]]


def judge(name: str, mistake: dict[str, Any], outcome: dict[str, Any] | str) -> Verdict:
    """Return the verdict over a summary, or over the words of an error."""
    expected = mistake["caught"]
    if isinstance(outcome, str):
        return Verdict(name, "evaluation", cause(outcome), expected)
    if failed := outcome["failed"]:
        return Verdict(name, "assertion", " ".join(" ".join(failed).split()), expected)
    return Verdict(name, "", "", expected)


def _tried(tool: Nix, name: str, mistake: dict[str, Any]) -> Verdict:
    expression = tool.expression("evaluate/mistake.nix", host=HOST, name=name)
    try:
        return judge(name, mistake, tool.evaluate(expression))
    except NixError as error:
        return judge(name, mistake, str(error))


def tried(listed: dict[str, Any], origins: dict[str, str]) -> dict[str, Any]:
    """Return the mistakes that can be seen here: some only a real input sees."""
    return {
        name: mistake
        for name, mistake in listed.items()
        if not mistake["input"] or is_real(origins[mistake["input"]])
    }


def shown(tool: Nix, origins: dict[str, str]) -> bool:
    """Try every mistake and print the table; tell whether one was not as listed."""
    every = tool.evaluate(tool.expression("evaluate/mistake-list.nix"))
    listed = tried(every, origins)
    say(f"injecting {len(listed)} mistakes into {HOST}")
    with ThreadPoolExecutor(max_workers=_AT_ONCE) as pool:
        verdicts = list(pool.map(lambda item: _tried(tool, *item), sorted(listed.items())))
    rows = [one.cells for one in verdicts]
    print("\n" + table([["mistake", "caught by", "", "words"], *rows]))
    if left := sorted(every.keys() - listed.keys()):
        print(f"Not tried, since their inputs are stand-ins: {', '.join(left)}")
    for one in verdicts:
        if not one.right:
            wanted = one.expected or "nothing"
            print(f"{one.name}: to be caught by {wanted}, and it said: {one.words or 'nothing'}")
    return any(not one.right for one in verdicts)
