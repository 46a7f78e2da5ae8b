"""Letters, notes and other papers: asked, listed, and opened at the cited place."""

from __future__ import annotations

from hearth.tools.base import ToolDependencies, ToolFolder
from hearth.tools.documents.library import Library
from hearth.tools.documents.opening import Opener
from hearth.tools.documents.search import Search


def folder(deps: ToolDependencies) -> ToolFolder:
    """What this folder brings to a pod."""
    return ToolFolder(
        tools=(Search(deps.retriever).tool(), Library(deps.database).tool()),
        openers={"passage": Opener(deps.database).open},
    )
