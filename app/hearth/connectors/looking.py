"""One look elsewhere for a pod, and the record of it."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from datetime import UTC, datetime

from hearth.config import ConnectorSettings, Settings, connector_program
from hearth.connectors import folder, ics
from hearth.connectors.job import Found, Job, Kind
from hearth.core.api import ConnectorState, FileFailure
from hearth.core.errors import BadConfiguration, HearthError, NotFound

KINDS: Mapping[str, Kind] = {"ics": ics.sync}
_log = logging.getLogger(__name__)


def look(settings: Settings, pod: str, name: str) -> ConnectorState:
    """Bring a connector's folder up to date; what was seen and done is on record afterwards.

    What is amiss elsewhere is in the record. Raises BadConfiguration for what is amiss here, Busy
    when another process looks, Unavailable when the folder is not there.
    """
    chosen = _chosen(settings, pod, name)
    place = settings.inbox_dir(pod, name)
    with folder.alone(place):
        state, error = _looked(settings, pod, name, chosen, folder.record(place))
        folder.put_record(place, state)
    _tell(pod, state)
    if isinstance(error, BadConfiguration):
        raise error
    return state


def _looked(
    settings: Settings,
    pod: str,
    name: str,
    chosen: ConnectorSettings,
    before: ConnectorState | None,
) -> tuple[ConnectorState, HearthError | None]:
    now, fault = datetime.now(UTC), None
    try:
        secret = settings.credential(connector_program(pod, name))
        found = KINDS[chosen.kind](
            Job(
                name=name,
                folder=settings.inbox_dir(pod, name),
                credential=secret.decode(errors="replace"),
                zone=settings.zone,
                most_bytes=settings.pods[pod].file_bytes,
                ca_file=chosen.ca_file,
            )
        )
        fetched: datetime | None = now
    except HearthError as error:
        fault = error
        failure = FileFailure(path=name, message=error.message, remedy=error.remedy)
        found = Found(seen=before.seen if before else 0, failed=(failure,))
        fetched = before.fetched if before else None
    state = ConnectorState(name=name, kind=chosen.kind, at=now, fetched=fetched, **vars(found))
    return state, fault


def _chosen(settings: Settings, pod: str, name: str) -> ConnectorSettings:
    try:
        return settings.pods[pod].connectors[name]
    except KeyError:
        raise NotFound(
            f"there is no connector {name!r} of the pod {pod!r}",
            remedy=f"The configuration names it as [pods.{pod}.connectors.{name}].",
        ) from None


def _tell(pod: str, state: ConnectorState) -> None:
    counts = {key: getattr(state, key) for key in ("seen", "added", "changed", "removed")}
    _log.info("looked", extra={"pod": pod, "connector": state.name, **counts})
    for failure in state.failed:
        _log.warning("%s: %s", failure.path, failure.message)
