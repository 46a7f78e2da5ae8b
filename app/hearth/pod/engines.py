"""A pod's way to its models: the server of its engine, and that engine's fallback."""

from __future__ import annotations

from datetime import datetime
from functools import partial
from zoneinfo import ZoneInfo

from hearth.config import Settings, engine_program
from hearth.core.api import EngineState
from hearth.inference.client import PATIENCE_SECONDS, InferenceClient
from hearth.inference.failover import SHORT_PATIENCE_SECONDS, Endpoint, FailoverModel
from hearth.pod import metrics

Models = InferenceClient | FailoverModel


def models(settings: Settings, pod: str) -> Models:
    """The model server of a pod's engine, with that engine's fallback where it has one."""
    engine, *fallbacks = settings.engines_of(pod)
    if not fallbacks:
        return _server(settings, engine, pod, PATIENCE_SECONDS)
    first, fallback = (
        Endpoint(
            name,
            _server(settings, name, pod, SHORT_PATIENCE_SECONDS),
            clock=partial(datetime.now, ZoneInfo(settings.zone)),
        )
        for name in (engine, *fallbacks)
    )
    model = FailoverModel(first, fallback, fell_back=metrics.fell_back)
    metrics.show_fallback(first.name, fallback.name, lambda: model.stands_in)
    return model


def _server(settings: Settings, engine: str, pod: str, patience: float) -> InferenceClient:
    """The pod's own socket at an engine, or another endpoint."""
    chosen = settings.engines[engine]
    adapter = settings.pods[pod].adapter
    own = f"{chosen.chat_model}:{adapter}" if adapter in chosen.adapters else chosen.chat_model
    return InferenceClient.at_url(
        chosen.url or f"unix://{settings.socket(engine_program(engine), pod)}",
        chat_model=(chosen.external_model or chosen.chat_model) if chosen.url else own,
        routing_model=None if chosen.url else chosen.routing_model,
        embedding_model=chosen.embedding_model,
        patience=patience,
    )


def state(client: Models) -> EngineState | None:
    """Which engine answers now; None where there is no fallback, and so no question."""
    if isinstance(client, InferenceClient):
        return None
    if not client.stands_in:
        return EngineState(engine=client.first.name)
    return EngineState(
        engine=client.fallback.name,
        stands_in_for=client.first.name,
        since=client.first.away_since,
    )


def note(client: Models) -> str | None:
    """What there is to say of the pod's engine; None while it answers itself."""
    now = state(client)
    if now is None or now.stands_in_for is None:
        return None
    return (
        f"{now.stands_in_for!r} has been away since {now.since:%Y-%m-%d %H:%M}, and "
        f"{now.engine!r} answers in its place"
    )
