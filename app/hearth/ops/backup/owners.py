"""Whose data there is: the hub's and each pod's, kept apart from the first copy to the restore."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from hearth.config import Settings
from hearth.core.errors import NotFound
from hearth.store.revisions import Schema


@dataclass(frozen=True)
class Owner:
    """A program that has a directory of its own."""

    name: str  # as the program is called: "hub", "pod-family"
    folder: Path
    schema: Schema

    @property
    def database(self) -> Path:
        """Its database."""
        return self.folder / f"{self.schema}.sqlite3"


def owners(settings: Settings, *, hub: bool = False, pod: str | None = None) -> list[Owner]:
    """Everyone, or the hub alone, or one pod alone; NotFound for a pod that there is not."""
    if pod is not None and pod not in settings.pods:
        known = ", ".join(settings.pods) or "none"
        raise NotFound(f"there is no pod {pod!r}", remedy=f"There are: {known}.")
    names = [] if hub else [pod] if pod else list(settings.pods)
    first = [] if pod else [Owner("hub", settings.hub_dir, "hub")]
    return [*first, *(Owner(f"pod-{name}", settings.pod_dir(name), "pod") for name in names)]
