"""A pod's tools, by the folders that its configuration names."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module

from hearth.agent.small_talk import small_talk
from hearth.config import PodSettings
from hearth.core.tools import Tool
from hearth.tools.base import ToolDependencies, ToolFolder

# In this order in every pod, so that pods with the same tools have the same instructions.
_ORDER = ("calendar", "ledger", "documents", "notes")


def folders(pod: PodSettings, dependencies: ToolDependencies) -> dict[str, ToolFolder]:
    """The folders `hearth.tools.NAME`; a pod does not carry the code of tools that it lacks."""
    return {
        name: import_module(f"hearth.tools.{name}").folder(dependencies)
        for name in _ORDER
        if name in pod.tools
    }


def title(name: str, pod: PodSettings) -> str:
    """What members see as the pod's name."""
    return pod.title or name.title()


def tools(title: str, folders: Mapping[str, ToolFolder]) -> list[Tool]:
    """All that the model may choose from."""
    declared = [tool for part in folders.values() for tool in part.tools]
    return [*declared, small_talk(title, declared)]
