"""Renders messages with the model's own chat template; no message can forge a control token."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from datetime import datetime
from itertools import takewhile
from typing import Any

from jinja2 import TemplateError
from jinja2.ext import loopcontrols
from jinja2.sandbox import ImmutableSandboxedEnvironment

from hearth.core.errors import BadInput, Damaged
from hearth.inference.generation import SPLIT, ModelInfo

# For a model that brings no template of its own.
_CHATML = (
    "{% for message in messages %}<|im_start|>{{ message.role }}\n"
    "{{ message.content }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)


class ChatTemplate:
    """The chat template of one model, in a sandbox."""

    def __init__(self, info: ModelInfo) -> None:
        environment = ImmutableSandboxedEnvironment(
            trim_blocks=True, lstrip_blocks=True, extensions=[loopcontrols]
        )
        environment.filters["tojson"] = _to_json
        environment.globals["raise_exception"] = _refuse
        environment.globals["strftime_now"] = _now
        source = info.template or _CHATML
        try:
            self._template = environment.from_string(source)
        except TemplateError as error:
            raise Damaged(
                f"the model's chat template cannot be read: {error}",
                where=info.name,
                remedy="Use another model.",
            ) from error
        self._tokens = {"bos_token": info.bos, "eos_token": info.eos}
        self._control = re.compile("|".join(map(re.escape, sorted(info.control, reverse=True))))
        self.knows_tools = "tools" in source

    def render(
        self, messages: Sequence[dict[str, Any]], tools: Sequence[dict[str, Any]] | None = None
    ) -> str:
        """The prompt up to where the model's answer begins. BadInput when the template objects."""
        try:
            return self._template.render(
                messages=self._defused(list(messages)),
                tools=self._defused(list(tools)) if tools else None,
                add_generation_prompt=True,
                enable_thinking=False,  # a household waits for the answer, not for the thoughts
                **self._tokens,
            )
        except (TemplateError, TypeError) as error:
            raise BadInput(
                f"the model's chat template refuses these messages: {error}",
                where="messages",
                remedy="Alternate user and assistant messages after one system message.",
            ) from error

    def head(self, instructions: str) -> str:
        """What every prompt with this system message begins with, whatever comes after it."""
        system = {"role": "system", "content": instructions}
        one, other = (self.render([system, {"role": "user", "content": text}]) for text in "ab")
        pairs = takewhile(lambda pair: pair[0] == pair[1], zip(one, other, strict=False))
        return "".join(left for left, _ in pairs)

    def _defused(self, value: Any) -> Any:
        """`value` with every control token in its texts split, so that it is read as plain text."""
        if isinstance(value, str):
            return self._control.sub(
                lambda found: found[0][:1] + SPLIT + found[0][1:], value.replace(SPLIT, "")
            )
        if isinstance(value, list):
            return [self._defused(item) for item in value]
        if isinstance(value, dict):
            return {key: self._defused(item) for key, item in value.items()}
        return value


def _to_json(value: Any, indent: int | None = None) -> str:
    return json.dumps(value, ensure_ascii=False, indent=indent)


def _now(form: str) -> str:
    return datetime.now().astimezone().strftime(form)


def _refuse(message: str) -> None:
    raise TemplateError(message)
