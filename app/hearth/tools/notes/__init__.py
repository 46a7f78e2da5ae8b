"""What members ask the pod to remember."""

from __future__ import annotations

from hearth.tools.base import ToolDependencies, ToolFolder
from hearth.tools.notes.adding import Adding
from hearth.tools.notes.listing import Listing
from hearth.tools.notes.writer import NoteWriter


def folder(deps: ToolDependencies) -> ToolFolder:
    """What this folder brings to a pod. `documents` finds and opens the notes."""
    return ToolFolder(
        tools=(Adding().tool(), Listing(deps.database).tool()),
        writers=(NoteWriter(deps.clock),),
    )
