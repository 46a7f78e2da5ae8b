"""The stylesheet, the scripts and the mark, under addresses that change with their content."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

from starlette.responses import Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from hearth.core.errors import BadConfiguration

FOLDER = Path(__file__).parent / "static"
_FOREVER = "public, max-age=31536000, immutable"


class Assets(StaticFiles):
    """Static files; one asked for under its content's hash may be kept for ever."""

    def __init__(self, folder: Path = FOLDER) -> None:
        super().__init__(directory=folder)
        files = (path for path in folder.rglob("*") if path.is_file())
        self._versions = {path.relative_to(folder).as_posix(): _version(path) for path in files}

    def url(self, name: str) -> str:
        """The address of a file under /static; BadConfiguration when the build left it out."""
        if name not in self._versions:
            raise BadConfiguration(
                f"the page's file {name!r} is missing",
                where=str(FOLDER / name),
                remedy="Run `python -m hearth.web.vendor` (`make` does).",
            )
        return f"/static/{name}?v={self._versions[name]}"

    async def get_response(self, path: str, scope: Scope) -> Response:
        """The file, with a word on how long it may be kept."""
        response = await super().get_response(path, scope)
        asked = parse_qs(scope["query_string"].decode("latin-1")).get("v")
        current = asked is not None and asked == [self._versions.get(path)]
        response.headers["cache-control"] = _FOREVER if current else "no-cache"
        response.headers["x-content-type-options"] = "nosniff"
        return response

    def file_response(self, *args: Any, **kwargs: Any) -> Response:
        """Serve with the right type everywhere; some machines do not know these."""
        response = super().file_response(*args, **kwargs)
        kinds = {".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml"}
        if kind := kinds.get(Path(args[0]).suffix):
            response.headers["content-type"] = f"{kind}; charset=utf-8"
        return response


def _version(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()[:16]
