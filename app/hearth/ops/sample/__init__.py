"""A fictional household with its calendars, bank statements and papers, dated around today."""

from hearth.ops.sample.household import (
    Event,
    Household,
    Item,
    Paper,
    Receipt,
    Transaction,
    household,
)
from hearth.ops.sample.write import write_configuration, write_household

__all__ = [
    "Event",
    "Household",
    "Item",
    "Paper",
    "Receipt",
    "Transaction",
    "household",
    "write_configuration",
    "write_household",
]
