"""The household's calendars: what is on, when something is, and new events."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from hearth.tools.base import ToolDependencies, ToolFolder
from hearth.tools.calendar.adding import EventAdder
from hearth.tools.calendar.agenda import Agenda
from hearth.tools.calendar.diary import Diary
from hearth.tools.calendar.finding import EventFinder
from hearth.tools.calendar.importer import CalendarImporter
from hearth.tools.calendar.opening import Opener
from hearth.tools.calendar.writer import CalendarWriter


def folder(deps: ToolDependencies) -> ToolFolder:
    """What this folder brings to a pod."""
    zone = ZoneInfo(deps.household.zone)
    diary = Diary(deps.database, zone)
    return ToolFolder(
        tools=(Agenda(diary).tool(), EventFinder(diary).tool(), EventAdder(diary).tool()),
        writers=(CalendarWriter(zone, deps.clock),),
        importers=(CalendarImporter(zone),),
        openers={"event": Opener(deps.database, diary).open},
    )
