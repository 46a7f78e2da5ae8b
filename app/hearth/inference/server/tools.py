"""OpenAI `tools`: shown to the model, held to their schemas by a grammar, and found in answers."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from hearth.core.errors import BadInput
from hearth.inference.server import grammar
from hearth.inference.server.calls import CallParser
from hearth.inference.server.schemas import (
    ChatMessage,
    ChatRequest,
    NamedTool,
    ToolCall,
    ToolDefinition,
)
from hearth.inference.server.syntax import HERMES
from hearth.inference.server.template import ChatTemplate

_INTRODUCTION = (
    "You may call these functions; each line is one:\n{functions}\n"
    "To call one, answer only with:\n{example}"
)


def offered(request: ChatRequest) -> list[ToolDefinition]:
    """The tools that the model is shown: all or none, so that prompts begin alike."""
    return [] if request.tool_choice == "none" else request.tools or []


def usable(request: ChatRequest) -> list[ToolDefinition]:
    """The tools that this answer may call; BadInput when the choice is impossible."""
    tools = offered(request)
    if request.tool_choice == "required" and not tools:
        raise BadInput("tool_choice is required, but there are no tools", where="tools")
    if not isinstance(request.tool_choice, NamedTool):
        return tools
    name = request.tool_choice.function.name
    chosen = [tool for tool in tools if tool.function.name == name]
    if not chosen:
        raise BadInput(
            f"tool_choice names {name!r}, which is not among the tools", where="tool_choice"
        )
    return chosen


def enforced(
    template: ChatTemplate, request: ChatRequest, answer: Mapping[str, Any] | None
) -> tuple[str | None, str | None]:
    """Grammar and trigger for the calls; `answer` is the schema of an answer that is no call."""
    tools = usable(request)
    syntax = template.syntax
    rules = [(tool.function.name, f"tool{number}") for number, tool in enumerate(tools)]
    schemas: dict[str, Mapping[str, Any]] = {
        rule: tool.function.parameters for (_, rule), tool in zip(rules, tools, strict=True)
    }
    calls = syntax.rule(rules, parallel=_several(request))
    whole = f"{grammar.literal(syntax.opening)} {calls}"
    if request.tool_choice != "auto":
        return grammar.compose(whole, schemas, where="tools"), None
    if answer is not None:
        schemas["answer"] = answer
        return grammar.compose(f"{whole} | answer", schemas, where="tools"), None
    if not syntax.opening:  # nothing tells a call from words before it is whole
        return None, None
    return grammar.compose(calls, schemas, where="tools"), syntax.opening


def parser(template: ChatTemplate, request: ChatRequest) -> CallParser | None:
    """What finds the calls in an answer; None where there can be none."""
    tools = usable(request)
    if not tools:
        return None
    whole = "" if request.tool_choice == "auto" else "{"  # a grammar holds it from there
    return CallParser(
        {tool.function.name for tool in tools},
        sure=template.syntax.opening or whole,
        most=None if _several(request) else 1,
    )


def prompt(template: ChatTemplate, request: ChatRequest) -> str:
    """The rendered prompt, with the tools in it."""
    definitions = [tool.model_dump(exclude_none=True) for tool in offered(request)]
    if template.knows_tools:
        return template.render([_native(message) for message in request.messages], definitions)
    messages = [_plain(message) for message in request.messages]
    return template.render(_introduced(messages, definitions))


def _several(request: ChatRequest) -> bool:
    return request.parallel_tool_calls is not False and not isinstance(
        request.tool_choice, NamedTool
    )


def _native(message: ChatMessage) -> dict[str, Any]:
    """A message for a template that knows tools: roles as they are, arguments as objects."""
    role = "system" if message.role == "developer" else message.role
    shown: dict[str, Any] = {"role": role, "content": message.text}
    if message.tool_calls:
        shown["tool_calls"] = [
            {
                "id": call.id,
                "type": "function",
                "function": {"name": call.function.name, "arguments": _arguments(call)},
            }
            for call in message.tool_calls
        ]
    if message.tool_call_id:
        shown["tool_call_id"] = message.tool_call_id
    return shown


def _plain(message: ChatMessage) -> dict[str, Any]:
    """A message for a template that knows only system, user and assistant."""
    if message.role == "tool":
        return {"role": "user", "content": f"<tool_response>\n{message.text}\n</tool_response>"}
    calls = [
        HERMES.call(call.function.name, json.dumps(_arguments(call), ensure_ascii=False))
        for call in message.tool_calls or ()
    ]
    content = "\n".join([part for part in (message.text, *calls) if part])
    return {"role": "system" if message.role == "developer" else message.role, "content": content}


def _introduced(
    messages: list[dict[str, Any]], definitions: Sequence[dict[str, Any]]
) -> list[dict[str, Any]]:
    if not definitions:
        return messages
    functions = "\n".join(json.dumps(one["function"], ensure_ascii=False) for one in definitions)
    text = _INTRODUCTION.format(functions=functions, example=HERMES.call("...", "{...}"))
    if messages[0]["role"] == "system":
        first = {"role": "system", "content": f"{messages[0]['content']}\n\n{text}"}
        return [first, *messages[1:]]
    return [{"role": "system", "content": text}, *messages]


def _arguments(call: ToolCall) -> dict[str, Any]:
    try:
        arguments = json.loads(call.function.arguments or "{}")
    except json.JSONDecodeError as error:
        raise BadInput(
            f"the arguments of the call {call.id!r} are not JSON: {error}", where="messages"
        ) from error
    if not isinstance(arguments, dict):
        raise BadInput(
            f"the arguments of the call {call.id!r} are not a JSON object", where="messages"
        )
    return arguments
