"""The example bodies and answers that the OpenAPI document shows."""

from __future__ import annotations

from typing import Any

Examples = dict[str, Any]

_TURN = "9f2c4b0a6d1e4f53a7c80b9d2e6f1a34"
_CONVERSATION = "4d7a1f6c2b8e4c09b3e5f7a9d1c20846"

SIGN_IN: Examples = {
    "password": {
        "summary": "Sign in with a password",
        "value": {"login": "mia", "password": "seven green bicycles"},
    }
}
LINK: Examples = {
    "link": {
        "summary": "The end of a sign-in link",
        "value": {"secret": "Yk3vJm0c9P2sQx7uLr8tBn4wHd6fGz1aEo5iKj3hTy0"},
    }
}
PASSWORD: Examples = {
    "change": {
        "summary": "Change a password",
        "value": {"current": "seven green bicycles", "new": "eight red tricycles"},
    }
}
TURN: Examples = {
    "first": {
        "summary": "A new conversation",
        "value": {"id": _TURN, "text": "When is the next parents' evening?"},
    },
    "follow-up": {
        "summary": "Go on with a conversation",
        "value": {
            "id": "1b5e8c3f7a2d4960b8f1e3c5a7d90b26",
            "conversation": _CONVERSATION,
            "text": "And is anything else on that day?",
        },
    },
}
TOKEN: Examples = {
    "read": {
        "summary": "A token for a kitchen display, for a year",
        "value": {"name": "Kitchen", "pods": ["family"], "rights": ["ask", "read"], "days": 365},
    }
}
MEMBER: Examples = {
    "teen": {
        "summary": "A teenager who may ask the family pod and propose changes",
        "value": {
            "login": "mia",
            "name": "Mia",
            "role": "teen",
            "grants": {"family": ["ask", "read", "propose"]},
        },
    }
}
GRANTS: Examples = {
    "grants": {
        "summary": "Two pods",
        "value": {"grants": {"family": ["ask", "read", "confirm"], "study": ["ask", "read"]}},
    }
}
SIGN_IN_LINK: Examples = {"hour": {"summary": "Good for an hour", "value": {"minutes": 60}}}
DISABLED: Examples = {
    "disable": {"summary": "Close the door", "value": {"disabled": True}},
    "enable": {"summary": "Open it again", "value": {"disabled": False}},
}
COMPLETION: Examples = {
    "question": {
        "summary": "Ask the pod `family`",
        "value": {
            "model": "family",
            "messages": [{"role": "user", "content": "What is on tomorrow?"}],
        },
    },
    "follow-up": {
        "summary": "Go on with a conversation, streaming",
        "value": {
            "model": "family",
            "messages": [{"role": "user", "content": "And on Sunday?"}],
            "metadata": {"conversation": _CONVERSATION},
            "stream": True,
        },
    },
}
EVENTS = (
    'id: 1\nevent: start\ndata: {"type":"start","attempt":1}\n\n'
    'id: 2\nevent: token\ndata: {"type":"token","text":"The dentist is on Tuesday at 15:30 [1]."}'
    "\n\n"
)
CHUNKS = (
    'data: {"id":"chatcmpl-9f2c…","object":"chat.completion.chunk","created":1795430400,'
    '"model":"family","choices":[{"index":0,"delta":{"content":"Nothing is on tomorrow."},'
    '"finish_reason":null}]}\n\ndata: [DONE]\n\n'
)
