"""From JSON Schema to the grammar (GBNF) that holds a model to it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from llama_cpp.llama_grammar import SchemaConverter

from hearth.core.errors import BadInput

# The converter lets raw control characters into strings, which JSON does not (RFC 8259, 7).
_LOOSE_CHARACTER = r'char ::= [^"\\] |'
_JSON_CHARACTER = r'char ::= [^"\\\x7F\x00-\x1F] |'
_ANYTHING = {"type": ["object", "array", "string", "number", "boolean", "null"]}
_NOTES = {"title", "description", "default", "examples"}  # keys that ask for nothing
# How the converter answers a schema that it cannot express.
_OBJECTIONS = (
    LookupError,
    ValueError,
    TypeError,
    AttributeError,
    AssertionError,
    RecursionError,
)


def of_schema(schema: Mapping[str, Any]) -> str:
    """The grammar of a JSON schema; BadInput when it cannot be expressed."""
    return compose("answer", {"answer": schema}, where="response_format")


def compose(root: str, schemas: Mapping[str, Mapping[str, Any]], *, where: str) -> str:
    """The grammar with this root, in which a schema's name is the rule of its JSON."""
    return _compose(root, json.dumps(schemas), where)


def literal(text: str) -> str:
    """GBNF that stands for exactly this text."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + escaped.replace("\n", "\\n").replace("\r", "\\r") + '"'


@lru_cache(maxsize=256)
def _compose(root: str, schemas: str, where: str) -> str:
    make: Any = _Converter  # the library has no types
    converter = make(prop_order={}, allow_fetch=False, dotall=False, raw_pattern=False)
    rules = [f"root ::= {root}"]
    try:
        for name, schema in json.loads(schemas).items():
            resolved = converter.resolve_refs(_numbered(schema, f"{name}-def"), name)
            rules.append(f"{name} ::= {converter.visit(resolved, f'{name}-json')}")
        text = "\n".join([*rules, converter.format_grammar()])
        text.encode()
    except _OBJECTIONS as e:
        raise BadInput(
            f"this JSON schema cannot be enforced: {type(e).__name__}: {e}",
            where=where,
            remedy="Use object, array, string, number, integer, boolean, enum, const and anyOf.",
        ) from e
    return text.replace(_LOOSE_CHARACTER, _JSON_CHARACTER)


class _Converter(SchemaConverter):
    """llama.cpp's converter, with literals that hold backslashes, quotes and umlauts."""

    def _format_literal(self, text: str) -> str:
        if text.startswith('"'):  # JSON, in which the converter escaped what is not ASCII
            text = json.dumps(json.loads(text), ensure_ascii=False)
        return literal(text)

    def _generate_constant_rule(self, value: Any) -> str:
        return literal(json.dumps(value, ensure_ascii=False))


def _numbered(schema: dict[str, Any], prefix: str) -> dict[str, Any]:
    """The schema with numbered definitions: the converter takes equal names for equal rules."""
    names: dict[str, str] = {}

    def copy(node: Any) -> Any:
        if isinstance(node, list):
            return [copy(item) for item in node]
        if not isinstance(node, dict):
            return node
        reference = node.get("$ref")
        if isinstance(reference, str) and reference.startswith("#"):
            name = names.setdefault(reference, f"{prefix}{len(names)}")
            return {"$ref": f"#/$defs/{name}"}
        if node.keys() <= _NOTES and any(
            isinstance(node.get(key), str) for key in ("title", "description")
        ):
            return _ANYTHING
        return {key: copy(value) for key, value in node.items() if key != "$defs"}

    whole: dict[str, Any] = copy(schema)
    definitions: dict[str, Any] = {}
    while missing := [reference for reference in names if names[reference] not in definitions]:
        for reference in missing:
            definitions[names[reference]] = copy(_target(schema, reference))
    # In a list of one, for the converter looks for references nowhere beside a reference.
    return {"anyOf": [whole], "$defs": definitions} if definitions else whole


def _target(schema: Any, reference: str) -> Any:
    """What a JSON pointer (RFC 6901) names."""
    for key in reference.removeprefix("#").split("/")[1:]:
        schema = schema[key.replace("~1", "/").replace("~0", "~")]
    return schema
