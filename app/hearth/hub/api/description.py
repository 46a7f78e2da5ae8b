"""What the OpenAPI document says of the API as a whole."""

from __future__ import annotations

from typing import Any

from hearth.core.turns import TURN_EVENT
from hearth.hub.api.common import openai_refusals, refusals

API = """
Ask a household's pods, follow their answers as they are written, confirm what they propose.

**Who asks.** A browser has a session cookie, a program a token (`Authorization: Bearer hearth_…`)
made under House › Tokens and scoped to pods and rights. On the box itself the console socket
stands for the owner, or for the member named by `X-Hearth-Member`.

**Rights.** `ask` puts questions, `read` opens sources, `propose` lets a pod propose changes,
`confirm` confirms, rejects and undoes them, `manage` adds documents. A pod in which the caller has
no right at all does not exist for them.

**Errors** are problem documents (RFC 9457) with a stable `code`, the place in `where` and what to
do in `remedy`; `retryable` and `Retry-After` say whether and when to try again. Under `/v1` they
have the form that OpenAI's clients read.

**Bodies** come whole, with a `Content-Length`. A browser's unsafe requests must come from Hearth's
own pages (`Sec-Fetch-Site` or `Origin`).
""".strip()

TAGS = [
    {"name": "Signing in", "description": "Sessions: passwords, one-time links, signing out."},
    {"name": "Asking", "description": "Pods, turns and conversations."},
    {"name": "Changes", "description": "Proposals, and the ledger of what became of them."},
    {"name": "Documents", "description": "What a pod has read, and the sources of its answers."},
    {"name": "Keys", "description": "The caller's own tokens, sessions and password."},
    {"name": "Box", "description": "How the machine is, for the house's adults."},
    {"name": "Members", "description": "The household, for its owners."},
    {"name": "OpenAI", "description": "For programs that speak OpenAI's API: a model is a pod."},
]

_PROBLEM: dict[str, Any] = {
    "type": "object",
    "required": ["type", "title", "status", "detail", "code", "retryable"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string", "description": "What happened, in words for the member."},
        "code": {"type": "string", "description": "Stable; for programs."},
        "where": {"type": "string", "description": "The place: a field, a file and line."},
        "remedy": {"type": "string", "description": "What to do about it."},
        "retryable": {"type": "boolean"},
    },
}
_OPENAI_ERROR: dict[str, Any] = {
    "type": "object",
    "required": ["error"],
    "properties": {
        "error": {
            "type": "object",
            "required": ["message", "type", "code"],
            "properties": {
                "message": {"type": "string"},
                "type": {"type": "string"},
                "code": {"type": "string", "description": "As in a Problem."},
                "param": {"type": ["string", "null"]},
            },
        }
    },
}

_SECURITY: dict[str, Any] = {
    "token": {
        "type": "http",
        "scheme": "bearer",
        "description": "An API token, `hearth_…`, from House › Tokens.",
    },
    "session": {
        "type": "apiKey",
        "in": "cookie",
        "name": "__Host-hearth",
        "description": "A signed-in browser; over plain HTTP the cookie is called `hearth`.",
    },
}


def complete(document: dict[str, Any]) -> dict[str, Any]:
    """Add to FastAPI's OpenAPI document what it cannot see: events, problems, ways to sign in."""
    components = document.setdefault("components", {})
    schemas = components.setdefault("schemas", {})
    event = TURN_EVENT.json_schema(ref_template="#/components/schemas/{model}")
    schemas.update(event.pop("$defs"))
    schemas.update({"TurnEvent": event, "Problem": _PROBLEM, "OpenAIError": _OPENAI_ERROR})
    components["securitySchemes"] = _SECURITY
    for path, operations in document["paths"].items():
        for operation in operations.values():
            open_to_all = path.startswith("/api/v1/sign-in")
            operation["security"] = [] if open_to_all else [{name: []} for name in _SECURITY]
            if "requestBody" in operation:
                documented = openai_refusals if path.startswith("/v1/") else refusals
                for status, refusal in documented(411, 413).items():
                    operation["responses"].setdefault(str(status), refusal)
    return document
