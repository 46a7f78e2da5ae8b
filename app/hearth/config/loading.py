"""Reads the one TOML file and says what is wrong with it."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any, TypeVar

from pydantic import ValidationError

from hearth.config.house import PodSettings
from hearth.config.operation import is_folder
from hearth.config.section import Section
from hearth.config.settings import Settings
from hearth.core.errors import BadConfiguration

Anchored = TypeVar("Anchored", bound=Section)


def load(path: Path) -> Settings:
    """The settings in the TOML file at `path`; relative paths are taken from its folder.

    Raises BadConfiguration with every wrong key, its value and the remedy.
    """
    try:
        values = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise BadConfiguration(
            "there is no such file", where=str(path), remedy="Name one with --config FILE."
        ) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise BadConfiguration(
            f"this is not valid TOML: {error}", where=str(path), remedy="Correct that line."
        ) from error
    try:
        settings = Settings.model_validate(values)
    except ValidationError as error:
        raise BadConfiguration(
            "; ".join(_fault(fault) for fault in error.errors()),
            where=str(path),
            remedy="docs/configuration.md lists every key.",
        ) from error
    return _anchored(settings, path.resolve().parent)


def _fault(fault: Any) -> str:
    key = ".".join(str(part) for part in fault["loc"])
    if fault["type"] == "extra_forbidden":
        return f"{key}: there is no such key; remove it or correct its spelling"
    prefix = f"{key}: " if key else ""
    return f"{prefix}{fault['msg'].removeprefix('Value error, ')} (got {fault['input']!r:.80})"


def _anchored(settings: Settings, folder: Path) -> Settings:
    pods = {name: _anchored_pod(pod, folder) for name, pod in settings.pods.items()}
    backup = _absolute(settings.backup, folder)
    folders = tuple(folder / one for one in backup.folders)
    backup = backup.model_copy(update={"folders": folders})
    if backup.repository is not None and is_folder(backup.repository):
        backup = backup.model_copy(update={"repository": str(folder / backup.repository)})
    sections = {
        "backup": backup,
        "update": _absolute(settings.update, folder),
        "monitoring": _absolute(settings.monitoring, folder),
    }
    return _absolute(settings, folder).model_copy(update={"pods": pods, **sections})


def _anchored_pod(pod: PodSettings, folder: Path) -> PodSettings:
    sources = {key: folder / source for key, source in pod.sources.items()}
    connectors = {key: _absolute(each, folder) for key, each in pod.connectors.items()}
    telegram = None if pod.telegram is None else _absolute(pod.telegram, folder)
    return pod.model_copy(
        update={"sources": sources, "connectors": connectors, "telegram": telegram}
    )


def _absolute(section: Anchored, folder: Path) -> Anchored:
    """The section with its own paths taken from `folder`."""
    values = {key: getattr(section, key) for key in type(section).model_fields}
    paths = {key: folder / value for key, value in values.items() if isinstance(value, Path)}
    return section.model_copy(update=paths)
