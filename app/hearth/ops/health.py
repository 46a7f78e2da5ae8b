"""What every program tells its watchers: /healthz and /metrics."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from hearth.ops.process import measure_process

Check = Callable[[], str | None]


def ops_app(checks: Mapping[str, Check], notes: Mapping[str, Check] | None = None) -> Starlette:
    """An app with /healthz (503 when a check returns what is wrong) and /metrics.

    What a note returns is told there too, and keeps nothing from being well.
    """
    measure_process()

    async def healthz(_request: Request) -> Response:
        wrong = _said(checks)
        body: dict[str, object] = {"status": "failing" if wrong else "ok", "wrong": wrong}
        if noted := _said(notes or {}):
            body["noted"] = noted
        return JSONResponse(body, 503 if wrong else 200)

    async def metrics(_request: Request) -> Response:
        return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)

    return Starlette(routes=[Route("/healthz", healthz), Route("/metrics", metrics)])


def _said(checks: Mapping[str, Check]) -> dict[str, str]:
    return {name: said for name, check in checks.items() if (said := check())}
