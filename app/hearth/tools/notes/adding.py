"""Proposing to remember something."""

from __future__ import annotations

import re
from uuid import uuid4

from pydantic import BaseModel, ConfigDict, Field

from hearth.core.people import Right
from hearth.core.tools import Tool, ToolContext, ToolResult
from hearth.core.turns import Proposal
from hearth.tools.notes.writer import NOTE_CHARACTERS, WRITER

_VERBS = (
    r"remember|memori[sz]e|note(?: down)?|(?:make|take|add|save|write)(?: me| us)? a(?: new)? "
    r"(?:note|reminder note|memo)|write down|jot down|put on record|keep in mind|bear in mind|"
    r"(?:do not|don't|don’t|never) forget|save|store"
)
_ASKED = re.compile(
    rf"^\W*(?:(?:please|hey|ok|okay|hearth|and|also|now|(?:can|could|would|will) you"
    rf"|I want you to|I'd like you to|we should)[\s,]+)*"
    rf"(?:{_VERBS})(?:[\s,]+please)?(?:\s*[:,–-]\s*|\s+(?:that|this|to say|saying|of)\b[\s:,]*|\s+)"
    rf"(?:for (?:me|us)[\s,]+that\s+)?(?P<what>\S.*)$",
    re.IGNORECASE | re.DOTALL,
)
_TRAILING = re.compile(r"[\s,]*\b(?:please|thanks|thank you)\W*$", re.IGNORECASE)


class AddArguments(BaseModel):
    """What to remember."""

    model_config = ConfigDict(extra="forbid")

    text: str = Field("", description="what to remember, in the member's words")


class Adding:
    """Makes a proposal of "Remember that …"."""

    def tool(self) -> Tool:
        """The declaration for the turn."""
        return Tool(
            name="notes_add",
            description="remembers a fact that the member states, for later",
            arguments=AddArguments,
            examples=(
                "Remember that the bins go out on Thursdays.",
                "Please note that the wifi password is kirschbaum.",
                "Make a note: the plumber comes through the back door.",
                "Don't forget that the boiler is switched off from the hall.",
                "Write down that I lent the drill to Karl.",
                "Keep in mind that grandma's spare key is with us.",
            ),
            right=Right.PROPOSE,
            run=self._run,
        )

    async def _run(self, context: ToolContext, arguments: BaseModel) -> ToolResult:
        assert isinstance(arguments, AddArguments)
        text = noted(context.request) or tidy(arguments.text)
        if not text or len(text) > NOTE_CHARACTERS:
            return ToolResult(answer=_ask_again(text), verbatim=True, summary="nothing to note")
        sentence = f"Remember: “{text}”"
        proposal = Proposal(id=uuid4().hex, writer=WRITER, sentence=sentence, change={"text": text})
        return ToolResult(
            answer=f"I would remember: “{text}”", proposals=(proposal,), summary="1 note"
        )


def noted(request: str) -> str:
    """What follows "remember that" in a request, as a sentence; empty when nothing does."""
    asked = _ASKED.match(request.strip())
    return tidy(asked["what"]) if asked else ""


def tidy(text: str) -> str:
    """`text` as one sentence: begun with a capital, ended with a full stop."""
    bare = " ".join(_TRAILING.sub("", text).split()).strip('"“”„ ')
    if not re.search(r"\w", bare):
        return ""
    ended = bare if bare[-1] in ".!?…" else f"{bare}."
    return ended[0].upper() + ended[1:]


def _ask_again(text: str) -> str:
    if text:
        return (
            f"That is too long for a note: {len(text):,} characters, and at most "
            f"{NOTE_CHARACTERS:,} fit. Add it as a document."
        )
    return "What shall I remember? Say it in one sentence: “Remember that …”."
