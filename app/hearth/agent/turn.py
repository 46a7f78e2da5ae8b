"""The turn: choose a tool, run it, word what it found.

The tool is chosen from the member's request alone, before any document, event or row is read;
nothing that a tool returns can lead to another one.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Sequence

from pydantic import ValidationError

from hearth.agent import prompt
from hearth.agent.routing import Router, is_question
from hearth.core.drafts import Draft, Evidence, Words
from hearth.core.errors import BadInput
from hearth.core.people import Caller, Right
from hearth.core.ports import ChatMessage, ChatModel, Embedder
from hearth.core.tools import Tool, ToolContext, ToolResult
from hearth.core.turns import ToolCall, Turn

CALL_TOKENS = 160
ANSWER_TOKENS = 220
FACTS_IN_PROMPT = 16
NOT_KNOWN = "I don't know"
RECENT = 4  # earlier requests that a follow-up may lean on


class ToolAgent:
    """Answers turns with a model and a set of tools."""

    def __init__(
        self,
        *,
        title: str,
        persona: str | None,
        tools: Sequence[Tool],
        model: ChatModel,
        embedder: Embedder,
    ) -> None:
        self._tools = tuple(tools)
        self._model = model
        self._router = Router(embedder)
        self._system = prompt.system(title, persona, tools)

    async def run(self, turn: Turn, caller: Caller) -> AsyncIterator[Draft]:
        """Evidence first, then words about it."""
        context = _context(turn, caller)
        messages = [self._system, *prompt.conversation(turn.history, turn.text)]
        call, tool = await self._choose(messages, context)
        result = await tool.run(context, tool.arguments.model_validate(call.arguments))
        if not result.found and tool.right is not Right.PROPOSE:
            call, result = await self._look_further(context, call, result)
        yield Evidence(call, result)
        if _stands_alone(result):
            return
        facts = result.facts[:FACTS_IN_PROMPT]
        messages += prompt.wording(call, facts, turn.text)
        async for piece in self._model.stream(messages, max_tokens=ANSWER_TOKENS):
            yield Words(piece)

    async def _look_further(
        self, context: ToolContext, call: ToolCall, result: ToolResult
    ) -> tuple[ToolCall, ToolResult]:
        """What the last resort finds where the chosen tool found nothing.

        Which tool that is does not depend on anything that was read.
        """
        for tool in self._tools:
            if tool.last_resort and tool.name != call.tool and context.caller.may(tool.right):
                further = await tool.run(context, tool.arguments())
                if further.found:
                    return ToolCall(tool=tool.name), further
        if result.answer.startswith(NOT_KNOWN):
            return call, result
        answer = f"{NOT_KNOWN}. {result.answer}"
        return call, result.model_copy(update={"answer": answer})

    async def _choose(
        self, messages: list[ChatMessage], context: ToolContext
    ) -> tuple[ToolCall, Tool]:
        allowed = [tool for tool in self._tools if context.caller.may(tool.right)]
        if is_question(context.request):
            allowed = [tool for tool in allowed if tool.right is not Right.PROPOSE]
        likely = await self._router.likely(context.request, allowed, context.recent)
        if len(likely) == 1 and not likely[0].arguments.model_fields:
            return ToolCall(tool=likely[0].name), likely[0]
        schema = prompt.call_schema(likely)
        try:
            reply = await self._model.complete(messages, schema=schema, max_tokens=CALL_TOKENS)
        except BadInput:  # it ran out of tokens before its document was whole
            reply = ""
        return _parse(reply, likely)


def _context(turn: Turn, caller: Caller) -> ToolContext:
    earlier = [message.text for message in turn.history if message.role == "member"]
    return ToolContext(
        caller=caller, now=turn.now, request=turn.text, recent=tuple(earlier[-RECENT:])
    )


def _stands_alone(result: ToolResult) -> bool:
    return result.verbatim or not result.found or bool(result.proposals) or not result.facts


def _parse(reply: str, likely: Sequence[Tool]) -> tuple[ToolCall, Tool]:
    """The call in `reply`; the likeliest tool without arguments where the reply was cut off."""
    by_name = {tool.name: tool for tool in likely}
    try:
        chosen = json.loads(reply)
        tool = by_name[chosen["tool"]]
        tool.arguments.model_validate(chosen["arguments"])
    except (ValueError, KeyError, TypeError, ValidationError):
        return ToolCall(tool=likely[0].name), likely[0]
    return ToolCall(tool=tool.name, arguments=chosen["arguments"]), tool
