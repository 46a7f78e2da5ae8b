"""What the hub counts for Prometheus."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from prometheus_client import Counter, Histogram

Scope = MutableMapping[str, Any]
ASGI = Callable[[Scope, Any, Any], Awaitable[None]]

REQUESTS = Counter("hearth_hub_requests_total", "Requests answered.", ["method", "route", "status"])
REQUEST_SECONDS = Histogram(
    "hearth_hub_request_seconds", "Seconds until a response began.", ["route"]
)
TURN_EVENTS = Counter("hearth_hub_turn_events_total", "Turn events passed on.", ["type"])
SIGN_IN_FAILURES = Counter("hearth_hub_sign_in_failures_total", "Refused sign-ins.")


class Measured:
    """Counts each request by its route's template, never by its path, which may name people."""

    def __init__(self, app: ASGI) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        began = time.perf_counter()

        async def measured(message: MutableMapping[str, Any]) -> None:
            if message["type"] == "http.response.start":
                route = _route(scope)
                REQUESTS.labels(scope["method"], route, str(message["status"])).inc()
                REQUEST_SECONDS.labels(route).observe(time.perf_counter() - began)
            await send(message)

        try:
            await self.app(scope, receive, measured)
        except Exception:
            # It is on its way to the outermost handler, which answers 500.
            REQUESTS.labels(scope["method"], _route(scope), "500").inc()
            raise


def _route(scope: Scope) -> str:
    return str(getattr(scope.get("route"), "path", "none"))
