"""What a model server refuses, in our words; other makers' servers say it in several ways."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import httpx

from hearth.core import errors

_BY_CODE: dict[str, type[errors.HearthError]] = {
    kind.code: kind
    for kind in (errors.BadInput, errors.TooLarge, errors.NotFound, errors.Busy, errors.Unavailable)
}
# Another maker's word for a prompt that does not fit, as `code` or as `type`.
_TOO_LONG = {"context_length_exceeded", "exceed_context_size_error"}
_BY_STATUS: dict[int, type[errors.HearthError]] = {
    404: errors.NotFound,
    413: errors.TooLarge,
    429: errors.Busy,
    501: errors.BadInput,  # a server error that stays: llama-server without --embeddings
}


def refusal(status: int, content: bytes, headers: Mapping[str, str]) -> errors.HearthError:
    """The error of a response, or of an event in a stream; another maker's says less than ours."""
    said = _said(content)
    match said.get("code"):  # llama-server's and vLLM's is the status, in a stream as well
        case int(code) if code in range(400, 600):
            status = code
    unnamed = errors.Unavailable if status >= httpx.codes.INTERNAL_SERVER_ERROR else errors.BadInput
    kind = _BY_CODE.get(str(said.get("code")), _BY_STATUS.get(status, unnamed))
    if not _TOO_LONG.isdisjoint((str(said.get("code")), str(said.get("type")))):
        kind = errors.TooLarge
    retry = headers.get("retry-after", "")
    return kind(
        str(said.get("detail") or said.get("message") or f"the model server answered {status}"),
        where=said.get("where"),
        remedy=said.get("remedy"),
        retry_after=float(retry) if retry.isdigit() else None,
    )


def _said(content: bytes) -> dict[str, Any]:
    """The error of a body: an object or a text under `error`, or the body itself."""
    try:
        body = json.loads(content)
    except ValueError:
        return {}
    said = body.get("error", body) if isinstance(body, dict) else body
    return said if isinstance(said, dict) else {"message": said}


def unreachable() -> errors.Unavailable:
    """For a server that is not there."""
    return errors.Unavailable(
        "the model server is not answering",
        remedy="It restarts by itself; try again in a moment.",
        retry_after=5,
    )


def cut() -> errors.Unavailable:
    """For a stream that ended before the answer did."""
    return errors.Unavailable(
        "the model server broke off in the middle of the answer", remedy="Ask again."
    )
