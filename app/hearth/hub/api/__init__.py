"""The routes of the JSON API and of the OpenAI-compatible one."""

from __future__ import annotations

from hearth.hub.api.box import router as box
from hearth.hub.api.changes import router as changes
from hearth.hub.api.documents import router as documents
from hearth.hub.api.keys import router as keys
from hearth.hub.api.members import router as members
from hearth.hub.api.openai import router as openai
from hearth.hub.api.pods import router as pods
from hearth.hub.api.sign_in import router as sign_in
from hearth.hub.api.telegram import router as telegram

ROUTERS = (sign_in, pods, changes, documents, keys, box, members, telegram, openai)

__all__ = ["ROUTERS"]
