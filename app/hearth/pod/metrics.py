"""What a pod counts, for Prometheus."""

from __future__ import annotations

from collections.abc import Callable

from prometheus_client import Counter, Gauge, Histogram

from hearth.core.turns import Timings

_TURNS = Counter("hearth_pod_turns_total", "Turns that ended, by how.", ["outcome"])
_RUNNING = Gauge("hearth_pod_turns_running", "Turns that wait or are being answered.")
_SECONDS = Histogram(
    "hearth_pod_turn_seconds",
    "Where the time of answered turns went.",
    ["part"],
    buckets=(0.005, 0.01, 0.02, 0.05, 0.1, 0.5, 1, 2, 5, 10, 30, 60, 120),
)
_FALLBACKS = Counter(
    "hearth_pod_fallbacks_total", "Requests that the fallback of the pod's engine answered."
)


def fell_back() -> None:
    """The fallback has answered a request."""
    _FALLBACKS.inc()


def show_fallback(engine: str, fallback: str, in_use: Callable[[], bool]) -> None:
    """Show from now on whether the fallback answers in its engine's place."""
    gauge = Gauge(
        "hearth_pod_fallback_in_use",
        "1 while the pod's engine is away and its fallback answers.",
        ["engine", "fallback"],
    )
    gauge.labels(engine, fallback).set_function(lambda: float(in_use()))


def began() -> None:
    """A turn waits or runs."""
    _RUNNING.inc()


def ended() -> None:
    """It does so no more, whatever the outcome."""
    _RUNNING.dec()


def answered(timings: Timings) -> None:
    """A turn was answered."""
    _TURNS.labels("done").inc()
    for part in ("total", "model", "embedding", "first_token", "overhead"):
        _SECONDS.labels(part).observe(getattr(timings, part) / 1000)


def failed(code: str) -> None:
    """A turn ended without an answer, with an error of this code."""
    _TURNS.labels(code).inc()
