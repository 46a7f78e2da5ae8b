"""How the families of models write their calls."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from hearth.inference.server import grammar

# They may be control tokens, which an engine shows only where it is told to.
MARKS = ("<tool_call>", "</tool_call>", "[TOOL_CALLS]", "[CALL_ID]", "[ARGS]")
_MOST_CALLS = 16  # in one answer, so that a small model that repeats itself comes to an end


@dataclass(frozen=True)
class Syntax:
    """The texts before, between and after the names and arguments of calls."""

    opening: str  # by which calls can be told from words; empty where nothing is
    begin: str
    before: str
    middle: str  # between a name and its arguments
    after: str
    between: str
    end: str

    def call(self, name: str, arguments: str) -> str:
        """One call, as it stands in a conversation."""
        texts = (self.opening, self.begin, self.before, name, self.middle, arguments, self.after)
        return "".join((*texts, self.end))

    def rule(self, calls: Sequence[tuple[str, str]], *, parallel: bool) -> str:
        """The grammar's rule for what follows the opening; `calls` are names and their rules."""
        gbnf = grammar.literal
        bodies = " | ".join(
            f"{gbnf(self.before + name + self.middle)} {rule} {gbnf(self.after)}"
            for name, rule in calls
        )
        more = f" ({gbnf(self.between)} ({bodies})){{0,{_MOST_CALLS - 1}}}" if parallel else ""
        return f"{gbnf(self.begin)} ({bodies}){more} {gbnf(self.end)}"


HERMES = Syntax(  # and Qwen; also taught to models whose templates know no tools
    opening="<tool_call>",
    begin="",
    before='\n{"name": "',
    middle='", "arguments": ',
    after="}\n</tool_call>",
    between="\n<tool_call>",
    end="",
)
MISTRAL = Syntax(
    opening="[TOOL_CALLS]",
    begin="",
    before="",
    middle="[ARGS]",
    after="",
    between="[TOOL_CALLS]",
    end="",
)
MISTRAL_LIST = Syntax(  # its models up to 2024
    opening="[TOOL_CALLS]",
    begin="[",
    before='{"name": "',
    middle='", "arguments": ',
    after="}",
    between=", ",
    end="]",
)
PLAIN = Syntax(
    opening="",
    begin="",
    before='{"name": "',
    middle='", "arguments": ',
    after="}",
    between="\n",
    end="",
)


def known(template: str) -> Syntax | None:
    """The syntax of calls in a chat template; None if it has none that is JSON."""
    if "tools" not in template or "<function=" in template:
        return None
    if "[TOOL_CALLS]" in template:
        if "[ARGS]" in template:
            return MISTRAL
        spaced = "[TOOL_CALLS] [" in template
        return replace(MISTRAL_LIST, begin=" [") if spaced else MISTRAL_LIST
    return HERMES if "<tool_call>" in template else PLAIN


def shown(control: frozenset[str]) -> tuple[str, ...]:
    """The marks that a model has as control tokens."""
    return tuple(mark for mark in MARKS if mark in control)
