"""Grammars allow what their schemas do and the syntaxes of calls have, by llama.cpp's judgement."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import llama_cpp as lib
import pytest

from hearth.core.errors import BadInput
from hearth.inference.engine.llama import Model
from hearth.inference.engine.sampler import Sampler
from hearth.inference.generation import Sampling
from hearth.inference.server import grammar, syntax
from hearth.inference.server.calls import CallBegins, CallParser, Words

Accepts = Callable[[str, str], bool]
TREE = {
    "$ref": "#/$defs/Node_x",
    "$defs": {
        "Node_x": {
            "type": "object",
            "properties": {
                "name": {"$ref": "#/$defs/string"},
                "kids": {"type": "array", "items": {"$ref": "#/$defs/Node_x"}},
            },
            "required": ["name"],
            "additionalProperties": False,
        },
        "string": {"enum": ["oak", "elm"]},
    },
}
ODD = {
    "type": "object",
    "properties": {
        'say "hi"': {"const": "a\\b\nc"},
        "größe": {"enum": ["groß", "klein"]},
        "any": {"title": "Any"},
        "default": {"type": "integer"},
    },
    "required": ['say "hi"', "größe", "any", "default"],
}
BOTH = [("add", "tool0"), ("add_event", "tool1")]
SCHEMAS = {
    "tool0": {"type": "object", "properties": {"a": {"type": "integer"}}, "required": ["a"]},
    "tool1": {
        "type": "object",
        "properties": {"a": {"$ref": "#/$defs/A"}},
        "required": ["a"],
        "$defs": {"A": {"const": "yes"}},
    },
}


@pytest.fixture(scope="module")
def accepts(model_file: Path) -> Iterator[Accepts]:
    """Whether a grammar allows a text as a whole."""
    model = Model(model_file)
    end = lib.llama_vocab_eos(model.vocabulary)

    def judge(rules: str, text: str) -> bool:
        sampler = Sampler(model, Sampling(), rules)
        try:
            for token in [*model.tokenize(text), end]:
                if not sampler._allows(token):
                    return False
                lib.llama_sampler_accept(sampler._grammar, token)
            return True
        finally:
            sampler.close()

    yield judge
    model.close()


@pytest.mark.parametrize(
    ("schema", "good", "bad"),
    [
        (TREE, {"name": "oak", "kids": [{"name": "elm", "kids": []}]}, {"name": "ash"}),
        (
            ODD,
            {'say "hi"': "a\\b\nc", "größe": "groß", "any": [{"x": None}], "default": 1},
            {'say "hi"': "a", "größe": "groß", "any": 1, "default": 1},
        ),
        ({"type": "object"}, {"a": {"b": [1, 2.5, "c"]}}, [1]),
        ({"anyOf": [{"type": "null"}, {"type": "boolean"}]}, None, 1),
    ],
)
def test_a_schema_allows_what_satisfies_it(
    accepts: Accepts, schema: dict[str, Any], good: Any, bad: Any
) -> None:
    rules = grammar.of_schema(schema)
    assert accepts(rules, json.dumps(good, ensure_ascii=False))
    assert not accepts(rules, json.dumps(bad, ensure_ascii=False))


@pytest.mark.parametrize(
    "schema",
    [
        {"$ref": "https://example.org/schema.json"},
        {"type": "object", "properties": {"a": {"$ref": "#/nowhere"}}},
        {"type": "strange"},
        {"type": "string", "pattern": "no anchors"},
        {"const": "\ud800"},
        {"anyOf": 3},
    ],
)
def test_a_schema_that_cannot_be_enforced_is_refused(schema: dict[str, Any]) -> None:
    with pytest.raises(BadInput) as caught:
        grammar.compose("x", {"x": schema}, where="tools")
    assert caught.value.where == "tools"


ADD = '{"name": "add", "arguments": {"a": 1}}'
EVENT = '{"name": "add_event", "arguments": {"a": "yes"}}'
ADD_ARGS, EVENT_ARGS = '[TOOL_CALLS]add[ARGS]{"a": 1}', '[TOOL_CALLS]add_event[ARGS]{"a": "yes"}'
ADD_TAG, EVENT_TAG = (f"<tool_call>\n{call}\n</tool_call>" for call in (ADD, EVENT))
FORMS = [
    (syntax.HERMES, ADD_TAG, f"{ADD_TAG}\n{EVENT_TAG}"),
    (syntax.MISTRAL, ADD_ARGS, ADD_ARGS + EVENT_ARGS),
    (syntax.MISTRAL_LIST, f"[TOOL_CALLS][{ADD}]", f"[TOOL_CALLS][{ADD}, {EVENT}]"),
    (syntax.PLAIN, ADD, f"{ADD}\n{EVENT}"),
]


@pytest.mark.parametrize(("form", "one", "two"), FORMS)
def test_calls_are_held_to_their_syntax_and_schemas(
    accepts: Accepts, form: syntax.Syntax, one: str, two: str
) -> None:
    single = grammar.compose(form.rule(BOTH, parallel=False), SCHEMAS, where="tools")
    several = grammar.compose(form.rule(BOTH, parallel=True), SCHEMAS, where="tools")
    after_one, after_two = (text.removeprefix(form.opening) for text in (one, two))
    assert accepts(single, after_one)
    assert accepts(several, after_one)
    assert accepts(several, after_two)
    assert not accepts(single, after_two)
    for wrong in ('{"a": "1"}', '{"b": 1}', "{}"):
        assert not accepts(several, after_one.replace('{"a": 1}', wrong))
    assert not accepts(several, after_one.replace("add", "remove"))
    assert one == form.call("add", '{"a": 1}')


@pytest.mark.parametrize(("form", "one", "two"), FORMS)
def test_what_the_grammars_allow_is_parsed(form: syntax.Syntax, one: str, two: str) -> None:
    for text, names in ((one, ["add"]), (two, ["add", "add_event"])):
        for sure in ("", form.opening or "{"):
            parser = CallParser({"add", "add_event"}, sure=sure)
            events = [*parser.feed(text), *parser.end()]
            assert [event.name for event in events if isinstance(event, CallBegins)] == names
            assert not any(isinstance(event, Words) for event in events)


@pytest.mark.parametrize(
    ("template", "known"),
    [
        ("{{ messages }}", None),
        ("{{ tools }} <tool_call>", syntax.HERMES),
        ("{{ tools }} <tool_call><function=x>", None),
        ("{{ tools }} [TOOL_CALLS][", syntax.MISTRAL_LIST),
        ("{{ tools }} [TOOL_CALLS] name [ARGS]", syntax.MISTRAL),
        ("{{ tools }}", syntax.PLAIN),
    ],
)
def test_a_template_tells_the_syntax(template: str, known: syntax.Syntax | None) -> None:
    assert syntax.known(template) == known


def test_a_list_begins_as_in_the_template() -> None:
    form = syntax.known("{{ tools }}[TOOL_CALLS] [")
    assert form is not None
    assert form.call("f", "{}") == '[TOOL_CALLS] [{"name": "f", "arguments": {}}]'
