"""OpenAI `tools`: shown to the model, enforced by a grammar where asked, and parsed back."""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Sequence
from typing import Any

from hearth.core.errors import BadInput
from hearth.inference.server import grammar
from hearth.inference.server.schemas import (
    ChatMessage,
    ChatRequest,
    NamedTool,
    ToolCall,
    ToolDefinition,
)
from hearth.inference.server.template import ChatTemplate

_FENCE = re.compile(r"\A\s*```(?:json)?\s*(.*?)\s*```\s*\Z", re.DOTALL)
_TAGGED = re.compile(r"<tool_call>\s*(.*?)\s*(?:</tool_call>|\Z)", re.DOTALL)
_INTRODUCTION = (
    "You may call these functions; each line is one:\n{functions}\n"
    'To call one, answer only with <tool_call>{{"name": ..., "arguments": {{...}}}}</tool_call>.'
)


def offered(request: ChatRequest) -> list[ToolDefinition]:
    """The tools that this answer may use."""
    tools = request.tools or []
    if isinstance(request.tool_choice, NamedTool):
        name = request.tool_choice.function.name
        chosen = [tool for tool in tools if tool.function.name == name]
        if not chosen:
            raise BadInput(f"tool_choice names {name!r}, which is not among the tools")
        return chosen
    if request.tool_choice == "required" and not tools:
        raise BadInput("tool_choice is required, but there are no tools", where="tools")
    return [] if request.tool_choice == "none" else tools


def enforced(request: ChatRequest) -> str | None:
    """The grammar of a call, where the request leaves the model no choice."""
    tools = offered(request)
    if not tools or request.tool_choice == "auto":
        return None
    return grammar.of_schema({"anyOf": [_call_schema(tool) for tool in tools]})


def prompt(template: ChatTemplate, request: ChatRequest) -> str:
    """The rendered prompt, with the tools in it."""
    definitions = [tool.model_dump(exclude_none=True) for tool in offered(request)]
    if template.knows_tools:
        return template.render([_native(message) for message in request.messages], definitions)
    messages = [_plain(message) for message in request.messages]
    return template.render(_introduced(messages, definitions))


def parse(text: str, tools: Sequence[ToolDefinition]) -> list[ToolCall]:
    """The calls that an answer consists of; none when it is an answer in words."""
    names = {tool.function.name for tool in tools}
    bodies = _TAGGED.findall(text) or [_FENCE.sub(r"\1", text)]
    calls = [_parse_one(body, names) for body in bodies]
    return [call for call in calls if call is not None]


def _parse_one(body: str, names: set[str]) -> ToolCall | None:
    try:
        call = json.loads(body)
    except json.JSONDecodeError:
        return None
    if not isinstance(call, dict) or call.get("name") not in names:
        return None
    arguments = call.get("arguments", {})
    if not isinstance(arguments, dict):
        return None
    return ToolCall.model_validate(
        {
            "id": f"call_{secrets.token_hex(8)}",
            "function": {
                "name": call["name"],
                "arguments": json.dumps(arguments, ensure_ascii=False),
            },
        }
    )


def _call_schema(tool: ToolDefinition) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": {
            "name": {"const": tool.function.name},
            "arguments": tool.function.parameters,
        },
        "required": ["name", "arguments"],
        "additionalProperties": False,
    }


def _native(message: ChatMessage) -> dict[str, Any]:
    """A message for a template that knows tools: roles as they are, arguments as objects."""
    role = "system" if message.role == "developer" else message.role
    shown: dict[str, Any] = {"role": role, "content": message.text}
    if message.tool_calls:
        shown["tool_calls"] = [
            {"id": call.id, "type": "function", "function": _function(call)}
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
        f"<tool_call>{json.dumps(_function(call), ensure_ascii=False)}</tool_call>"
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
    text = _INTRODUCTION.format(functions=functions)
    if messages[0]["role"] == "system":
        first = {"role": "system", "content": f"{messages[0]['content']}\n\n{text}"}
        return [first, *messages[1:]]
    return [{"role": "system", "content": text}, *messages]


def _function(call: ToolCall) -> dict[str, Any]:
    try:
        arguments = json.loads(call.function.arguments)
    except json.JSONDecodeError as error:
        raise BadInput(
            f"the arguments of the call {call.id!r} are not JSON: {error}", where="messages"
        ) from error
    return {"name": call.function.name, "arguments": arguments}
