"""What the routes share: documented errors, in the form in which they are sent."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Path

from hearth.core import errors
from hearth.core.errors import HearthError
from hearth.hub.completions import TurnFailed
from hearth.hub.problems import LengthRequired, openai_error

Responses = dict[int | str, dict[str, Any]]
Pod = Annotated[str, Path(max_length=32, description="The pod's name.")]
Id = Annotated[str, Path(pattern=r"^[0-9a-f]{32}$", description="32 hexadecimal digits.")]

_EXAMPLES: tuple[HearthError, ...] = (
    errors.NotSignedIn("you are not signed in", remedy="Sign in, or send a token."),
    errors.NotAllowed(
        "this needs the right to confirm in the pod 'family'",
        remedy="Ask an owner of the house for it, or use a token that has it.",
    ),
    errors.NotFound("there is no pod 'garden' for you", remedy="The list of pods names yours."),
    LengthRequired("the request does not say how long its body is", where="Content-Length"),
    TurnFailed("the model is away", where="unavailable"),
    errors.Conflict("this proposal was rejected already"),
    errors.TooLarge(
        "this message has 40,960 bytes; at most 32,768 fit in a question",
        remedy="Add it as a document, and ask about that.",
    ),
    errors.BadInput("body.text: Field required", where="body.text"),
    errors.Busy(
        "you have asked a lot in the last minute",
        remedy="Try again in 12 seconds.",
        retry_after=12,
    ),
    errors.Unavailable(
        "the pod 'family' is not answering",
        remedy="It restarts by itself; try again in a moment.",
        retry_after=2,
    ),
)
_BY_STATUS = {error.status: error for error in _EXAMPLES}


def refusals(*statuses: int) -> Responses:
    """The OpenAPI entries of the errors that a route can answer with."""
    return {status: _refusal(_BY_STATUS[status]) for status in statuses}


def openai_refusals(*statuses: int) -> Responses:
    """The same under /v1, in the form that OpenAI's clients read."""
    return {status: _openai_refusal(_BY_STATUS[status]) for status in statuses}


def _openai_refusal(error: HearthError) -> dict[str, Any]:
    content = {
        "schema": {"$ref": "#/components/schemas/OpenAIError"},
        "example": {"error": openai_error(error)},
    }
    return {
        "description": error.problem()["title"],
        "content": {"application/json": content},
    }


def _refusal(error: HearthError) -> dict[str, Any]:
    schema = {"$ref": "#/components/schemas/Problem"}
    content = {"schema": schema, "example": error.problem()}
    return {
        "description": error.problem()["title"],
        "content": {"application/problem+json": content},
    }
