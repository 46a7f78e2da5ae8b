"""Bank statements: read exactly, and asked for sums, lists and the largest payments."""

from __future__ import annotations

from hearth.tools.base import ToolDependencies, ToolFolder
from hearth.tools.ledger.breakdown import Breakdown
from hearth.tools.ledger.importer import LedgerImporter
from hearth.tools.ledger.largest import Largest
from hearth.tools.ledger.listing import Listing
from hearth.tools.ledger.opening import Opener
from hearth.tools.ledger.total import Total


def folder(deps: ToolDependencies) -> ToolFolder:
    """What this folder brings to a pod."""
    declared = (Total, Largest, Breakdown, Listing)
    return ToolFolder(
        tools=tuple(kind(deps.database).tool() for kind in declared),
        importers=(LedgerImporter(deps.household.currency),),
        openers={"transaction": Opener(deps.database).open},
    )
