"""The hub's HTTP face: the API for programs, and the frame that the pages hang in."""

from __future__ import annotations

from fastapi import FastAPI

import hearth
from hearth.hub import problems
from hearth.hub.api import ROUTERS, description
from hearth.hub.edge import BodyBound, SafeHeaders
from hearth.hub.hub import Hub
from hearth.hub.metrics import Measured
from hearth.hub.problems import HtmlError


def create_app(hub: Hub, html_error: HtmlError | None = None) -> FastAPI:
    """The API over `hub`; `html_error` renders errors on pages that people look at."""
    app = FastAPI(
        title="Hearth",
        version=hearth.__version__,
        description=description.API,
        openapi_url="/api/openapi.json",
        openapi_tags=description.TAGS,
        docs_url=None,  # FastAPI's own page loads its script from a CDN
        redoc_url=None,
    )
    app.state.hub = hub
    document = app.openapi
    app.openapi = lambda: app.openapi_schema or description.complete(document())  # type: ignore[method-assign]
    problems.handle_errors(app, html_error)
    for router in ROUTERS:
        app.include_router(router)
    largest = max((pod.file_bytes for pod in hub.settings.pods.values()), default=0)
    app.add_middleware(BodyBound, file_bytes=largest)
    app.add_middleware(SafeHeaders)
    app.add_middleware(Measured)
    return app
