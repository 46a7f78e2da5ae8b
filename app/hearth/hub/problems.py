"""Errors at the edge: problem documents for programs, pages for people, words for both."""

from __future__ import annotations

import errno
import logging
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from starlette.exceptions import HTTPException

from hearth.core import errors
from hearth.core.errors import HearthError

HtmlError = Callable[[Request, HearthError], Response]
API_PATHS = ("/api/", "/v1/")
_log = logging.getLogger(__name__)


class MethodNotAllowed(HearthError):
    """This address does not take that method."""

    code = "method_not_allowed"
    status = 405


class LengthRequired(errors.BadInput):
    """The request does not say how long it is."""

    code = "length_required"
    status = 411


class Internal(HearthError):
    """Something in Hearth failed."""

    code = "internal"
    status = 500


def is_api(path: str) -> bool:
    """Whether programs call this path, not people's browsers."""
    return path.startswith(API_PATHS)


def handle_errors(app: FastAPI, html_error: HtmlError | None) -> None:
    """Give every error of `app` an answer in the form that its caller reads."""

    def answer(request: Request, error: HearthError) -> Response:
        wants_page = "text/html" in request.headers.get("accept", "")
        if html_error is not None and wants_page and not is_api(request.url.path):
            response = html_error(request, error)
            response.headers.update(_headers(error))
            return response
        return problem_response(request.url.path, error)

    async def on_hearth(request: Request, error: Exception) -> Response:
        assert isinstance(error, HearthError)
        if error.status >= 500:
            _log.error("%s %s: %s", request.method, _route(request), error)
        return answer(request, error)

    async def on_invalid(request: Request, error: Exception) -> Response:
        assert isinstance(error, RequestValidationError)
        return answer(request, _invalid(error.errors()))

    async def on_http(request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        return answer(request, _http(error))

    async def on_os(request: Request, error: Exception) -> Response:
        if not isinstance(error, OSError) or error.errno != errno.ENOSPC:
            raise error
        remedy = "Free some space and try again."
        return answer(request, errors.StorageFull("the disk is full", remedy=remedy))

    async def on_bug(request: Request, _error: Exception) -> Response:
        # Starlette logs and re-raises it after this; the member gets no more than a sentence.
        remedy = "The hub's log says more."
        return answer(request, Internal("something in the hub failed", remedy=remedy))

    app.add_exception_handler(HearthError, on_hearth)
    app.add_exception_handler(RequestValidationError, on_invalid)
    app.add_exception_handler(HTTPException, on_http)
    app.add_exception_handler(OSError, on_os)
    app.add_exception_handler(Exception, on_bug)


def problem_response(path: str, error: HearthError) -> JSONResponse:
    """A problem document (RFC 9457), or OpenAI's form under /v1, where its clients look for it."""
    if path.startswith("/v1/"):
        return JSONResponse({"error": openai_error(error)}, error.status, _headers(error))
    return JSONResponse(
        error.problem(), error.status, _headers(error), media_type="application/problem+json"
    )


def openai_error(error: HearthError) -> dict[str, Any]:
    """The error as OpenAI's clients read it."""
    kind = "invalid_request_error" if error.status < 500 else "server_error"
    return {"message": str(error), "type": kind, "code": error.code, "param": error.where}


def _headers(error: HearthError) -> dict[str, str]:
    headers = {}
    if error.retry_after is not None:
        headers["retry-after"] = str(max(1, round(error.retry_after)))
    if isinstance(error, errors.NotSignedIn):
        headers["www-authenticate"] = 'Bearer realm="hearth"'
    return headers


def _invalid(faults: Sequence[Mapping[str, Any]]) -> errors.BadInput:
    places = [".".join(str(part) for part in fault["loc"]) for fault in faults]
    words = "; ".join(
        f"{place}: {fault['msg']}" for place, fault in zip(places, faults, strict=True)
    )
    return errors.BadInput(words, where=places[0], remedy="/api/openapi.json shows the form.")


def _http(error: HTTPException) -> HearthError:
    if error.status_code == 404:
        return errors.NotFound("there is nothing at this address")
    if error.status_code == 405:
        return MethodNotAllowed("this address does not take that method")
    if error.status_code == 413:
        return errors.TooLarge(str(error.detail))
    return errors.BadInput(str(error.detail)) if error.status_code < 500 else Internal(error.detail)


def _route(request: Request) -> str:
    return str(getattr(request.scope.get("route"), "path", "none"))
