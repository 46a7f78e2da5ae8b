"""Greetings and thanks: the one tool that looks at nothing."""

from __future__ import annotations

from collections.abc import Sequence

from pydantic import BaseModel

from hearth.core.people import Right
from hearth.core.tools import Tool, ToolContext, ToolResult


class NoArguments(BaseModel):
    """There is nothing to say about a greeting."""


def small_talk(title: str, tools: Sequence[Tool]) -> Tool:
    """A tool that answers a greeting with what this pod can be asked."""
    questions = [f"“{tool.examples[0]}”" for tool in tools if tool.examples][:4]
    offer = " or ".join((", ".join(questions[:-1]), questions[-1]) if questions[1:] else questions)

    async def run(context: ToolContext, _: BaseModel) -> ToolResult:
        return ToolResult(
            answer=f"Hello {context.caller.member.name}, this is {title}. Ask me {offer}.",
            verbatim=True,
            summary="a greeting",
        )

    return Tool(
        name="small_talk",
        description="greetings, thanks, and what this pod can do",
        arguments=NoArguments,
        examples=(
            "Hello",
            "Hi there",
            "Thank you",
            "Good morning",
            "Who are you?",
            "What can you do?",
        ),
        right=Right.ASK,
        run=run,
    )
