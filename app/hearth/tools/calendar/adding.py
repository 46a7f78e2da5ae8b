"""Proposes a new event from the member's own words."""

from __future__ import annotations

import asyncio
import re
import uuid
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from pydantic import BaseModel, Field

from hearth.core.people import Right
from hearth.core.tools import Tool, ToolContext, ToolResult
from hearth.core.turns import Proposal
from hearth.tools.asking import copied, timing
from hearth.tools.calendar import wording
from hearth.tools.calendar.diary import Diary
from hearth.tools.calendar.occurrences import Occurrence
from hearth.tools.calendar.repeating import described, repetition
from hearth.tools.calendar.title import title
from hearth.tools.calendar.writer import CalendarWriter, NewEvent, days_of
from hearth.tools.when import Found, Grain, Unclear, without
from hearth.tools.when.clocks import duration
from hearth.tools.when.period import after, at, clock_range, day_name

_HOUR = timedelta(hours=1)
_DAYS = frozenset({Grain.DAY, Grain.RANGE})
_PLACE_LEADS = r"\b(?:at|in)\s(?:the\s)?"


class AddArguments(BaseModel):
    """The member's own words."""

    title: str = Field("", description='what: "dentist"')
    when: str = Field("", description='day and time as asked: "on Tuesday at 15:30"')
    who: str = Field("", description="whom it is for, if said")
    place: str = Field("", description="where, if said")


class _Question(Exception):
    """Something must be known before the event can be proposed."""


class _Cut(NamedTuple):
    """The request with the words of its times taken out."""

    rest: str
    lasts: timedelta | None
    rule: str


class EventAdder:
    """The tool that proposes an event; nothing is entered before a member confirms it."""

    def __init__(self, diary: Diary) -> None:
        self._diary = diary

    def tool(self) -> Tool:
        """Its declaration."""
        return Tool(
            name="calendar_add",
            description="put a new event or appointment into the calendar",
            arguments=AddArguments,
            examples=(
                "Add dentist on Tuesday at 15:30",
                "Put lunch with the neighbours on Sunday at noon into the calendar",
                "Schedule a haircut next Friday at 4 pm",
                "Book the car in for a service on 12 December at 8:00",
                "Can you make an appointment with the bank tomorrow at 10?",
                "Please enter a phone call on Monday at 9",
                "New event: school concert on 3 December from 18:00 to 20:00",
                "Enter swimming every Thursday at 17:00",
                "There is a concert on Saturday at 19:00, please add it",
            ),
            right=Right.PROPOSE,
            run=self.run,
        )

    async def run(self, context: ToolContext, arguments: BaseModel) -> ToolResult:
        """Propose the event, or ask for what is missing."""
        said = AddArguments.model_validate(arguments.model_dump())
        try:
            return await asyncio.to_thread(self._propose, context, said)
        except (_Question, Unclear) as question:
            more = " Which day do you mean?" if isinstance(question, Unclear) else ""
            return ToolResult(answer=f"{question}{more}", verbatim=True, summary="a question back")

    def _propose(self, context: ToolContext, said: AddArguments) -> ToolResult:
        found = timing(context, said.when, "future")
        cut = _cut(context.request, found)
        name = title(context, said.title, said.who, cut.rest)
        if not name:
            raise _Question("What should the event be called?")
        if found is None:
            raise _Question(f"On which day, and at what time, is “{name}”?")
        start, end, all_day = _extent(name, found, cut)
        if end <= context.now:
            raise _Question(f"{_said(start, end, all_day)} is in the past. Which day do you mean?")
        event = NewEvent(
            title=name,
            start=start,
            end=end,
            all_day=all_day,
            place=_place(context, said.place, name),
            rule=cut.rule,
        )
        return _proposal(event, self._clashes(event))

    def _clashes(self, event: NewEvent) -> list[Occurrence]:
        if event.all_day:
            return []
        return [each for each in self._diary.between(event.start, event.end) if each.blocks]


def _cut(request: str, found: Found | None) -> _Cut:
    pieces = [piece for piece in found.pieces if piece[1] <= len(request)] if found else []
    lasts, repeats = duration(request), repetition(request)
    pieces += [part[1] for part in (lasts, repeats) if part]
    # "every day" may stand inside a time's own words.
    apart = [p for p in pieces if not any(p != q and q[0] <= p[0] and p[1] <= q[1] for q in pieces)]
    return _Cut(without(request, apart), lasts[0] if lasts else None, repeats[0] if repeats else "")


def _extent(name: str, found: Found, cut: _Cut) -> tuple[datetime, datetime, bool]:
    """When it starts and ends, and whether it takes whole days."""
    period, clock = found.period, found.clock
    if clock is not None:
        start = at(period.start.date(), clock.begins, period.start)
        if period.grain is Grain.MINUTE:
            start = period.start
        end = period.end if period.until_said else after(start, cut.lasts or _HOUR)
        return start, end, False
    if period.grain is Grain.PART:
        raise _Question(f"At what time on {day_name(period.start.date())} is “{name}”?")
    if period.grain not in _DAYS or period.start.time() != period.end.time():
        raise _Question(f"On which day is “{name}”? {period.label} is too wide.")
    if cut.lasts is not None:
        raise _Question(f"At what time on {day_name(period.start.date())} does “{name}” start?")
    return period.start, period.end, True


def _place(context: ToolContext, said: str, name: str) -> str:
    place = copied(said, context.request)
    led = re.search(_PLACE_LEADS + re.escape(place), context.request, re.IGNORECASE)
    return place if place and led and place.lower() not in name.lower() else ""


def _proposal(event: NewEvent, clashes: Sequence[Occurrence]) -> ToolResult:
    when = _said(event.start, event.end, event.all_day)
    repeats = f", {described(event.rule)} from then on" if event.rule else ""
    place = f", at {event.place}" if event.place else ""
    change = f"add “{event.title}” on {when}{place}{repeats}"
    sentence, answer = f"{change[0].upper()}{change[1:]}.", f"Shall I {change}?"
    if clashes:
        others = [f"{each.summary} ({wording.hours(each)})" for each in clashes]
        marks = [f"{text} [{n}]" for n, text in enumerate(others, start=1)]
        answer += f" At that time there is already {wording.joined(marks)}."
        sentence += f" At that time there is already {wording.joined(others)}."
    proposal = Proposal(
        id=uuid.uuid4().hex,
        writer=CalendarWriter.name,
        sentence=sentence,
        change=event.model_dump(mode="json"),
    )
    facts = tuple(wording.fact(n, each) for n, each in enumerate(clashes, start=1))
    return ToolResult(
        answer=answer, facts=facts, proposals=(proposal,), verbatim=True, summary="a proposal"
    )


def _said(start: datetime, end: datetime, all_day: bool) -> str:
    event = NewEvent(title="-", start=start, end=end, all_day=all_day)
    first, last = days_of(event)
    if all_day:
        return f"{wording.span(first, last)}, all day"
    if first == last:
        return f"{day_name(first)}, {clock_range(start, end)}"
    return f"{day_name(first)}, {start:%H:%M} to {day_name(last)}, {end:%H:%M}"
