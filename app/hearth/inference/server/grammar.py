"""From JSON Schema to the grammar (GBNF) that holds a model to it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from llama_cpp.llama_grammar import JSON_GBNF, json_schema_to_gbnf

from hearth.core.errors import BadInput

ANY_OBJECT: str = JSON_GBNF
# The converter lets raw control characters into strings, which JSON does not (RFC 8259, 7).
_LOOSE_CHARACTER = r'char ::= [^"\\] |'
_JSON_CHARACTER = r'char ::= [^"\\\x7F\x00-\x1F] |'
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
    return _convert(json.dumps(schema))


@lru_cache(maxsize=256)
def _convert(schema: str) -> str:
    try:
        return str(json_schema_to_gbnf(schema)).replace(_LOOSE_CHARACTER, _JSON_CHARACTER)
    except _OBJECTIONS as e:
        raise BadInput(
            f"this JSON schema cannot be enforced: {type(e).__name__}: {e}",
            where="response_format",
            remedy="Use object, array, string, number, integer, boolean, enum, const and anyOf.",
        ) from e
