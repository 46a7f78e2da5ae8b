"""Errors in OpenAI's shape."""

from __future__ import annotations

import math
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse

from hearth.core.errors import BadInput, HearthError


def problem(error: HearthError) -> dict[str, Any]:
    """An error in OpenAI's shape, with our place and remedy beside it."""
    return {
        "error": {
            "message": str(error),
            "type": "invalid_request_error" if error.status < 500 else "server_error",
            "param": error.where,
            "code": error.code,
            "detail": error.message,
            "where": error.where,
            "remedy": error.remedy,
        }
    }


def install(app: FastAPI) -> None:
    """Answer with these errors."""
    app.add_exception_handler(HearthError, _hearth_error)
    app.add_exception_handler(RequestValidationError, _validation_error)


async def _hearth_error(_request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HearthError)
    # OpenAI's clients know 400 for every input that cannot be used.
    status = 400 if isinstance(error, BadInput) else error.status
    seconds = error.retry_after
    retry = {} if seconds is None else {"retry-after": str(math.ceil(seconds))}
    return JSONResponse(problem(error), status, headers=retry)


async def _validation_error(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)
    # Of a value with several shapes, the shape that fits furthest tells what is wrong with it.
    fault = max(error.errors(), key=lambda one: len(one["loc"]))
    parts = [str(part) for part in fault["loc"] if part != "body" and "[" not in str(part)]
    place = ".".join(parts)
    unknown = fault["type"] == "extra_forbidden"
    message = "this server does not know the field" if unknown else fault["msg"]
    remedy = "Remove it, or correct its spelling." if unknown else None
    return await _hearth_error(request, BadInput(message, where=place or None, remedy=remedy))
