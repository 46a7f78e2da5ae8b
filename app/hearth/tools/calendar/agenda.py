"""What is on in a period, and whether it is free."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Sequence
from datetime import datetime, time, timedelta

from pydantic import BaseModel, Field

from hearth.core.people import Right
from hearth.core.tools import Fact, Tool, ToolContext, ToolResult
from hearth.tools.asking import copied, direction, timing
from hearth.tools.calendar import wording
from hearth.tools.calendar.diary import Diary
from hearth.tools.calendar.matching import about, subject
from hearth.tools.calendar.occurrences import Occurrence
from hearth.tools.when import Grain, Period, Unclear
from hearth.tools.when.period import at, clock_range, days

_FREE = re.compile(
    r"\b(?:free|busy|available|availability|clash|conflict|have time|got time|is there time|"
    r"booked|double)\b",
    re.IGNORECASE,
)
_DAYTIME = (time(8), time(22))  # what "free" means on a whole day
_NEAR = timedelta(days=7)  # what is on, asked without a time
_FAR = timedelta(days=60)  # the same of one kind of event
_SHORTEST_GAP = timedelta(minutes=15)


class AgendaArguments(BaseModel):
    """The member's own words."""

    when: str = Field("", description='the time as asked: "tomorrow", "Saturday afternoon"')
    about: str = Field("", description="the person or activity, if one is named")


class Agenda:
    """The tool that lists a period, or says whether it is free."""

    def __init__(self, diary: Diary) -> None:
        self._diary = diary

    def tool(self) -> Tool:
        """Its declaration."""
        return Tool(
            name="calendar_agenda",
            description="what is on, or whether we are free, on a day or in a period",
            arguments=AgendaArguments,
            examples=(
                "What is on tomorrow?",
                "Are we free on Saturday afternoon?",
                "What do we have planned this weekend?",
                "Is anything happening on Friday evening?",
                "Show me the calendar for next week",
                "Do I have time on Thursday at 3 pm?",
                "Which appointments do the children have on Monday?",
                "What's on today?",
                "And on Sunday?",
                "Which events and exams are coming up in December?",
            ),
            right=Right.ASK,
            run=self.run,
        )

    async def run(self, context: ToolContext, arguments: BaseModel) -> ToolResult:
        """List the period that the request speaks of, or say whether it is free."""
        said = AgendaArguments.model_validate(arguments.model_dump())
        return await asyncio.to_thread(self._answer, context, said)

    def _answer(self, context: ToolContext, said: AgendaArguments) -> ToolResult:
        try:
            found = timing(context, said.when, direction(context.request))
        except Unclear as error:
            return ToolResult(answer=f"{error} Which day do you mean?", verbatim=True)
        asked = copied(said.about, context.request) or ("" if found else subject(context.request))
        known = self._knows(asked)
        period = found.period if found else _coming(context.now, _FAR if known else _NEAR)
        events = self._diary.between(period.start, period.end)
        mine = about(asked, events) if asked else []
        named = asked if mine or known else ""
        if _FREE.search(context.request):
            return _freedom(context, period, mine if named else events, named)
        if named and not mine:
            return self._nothing(context, period, f"about {named} ", events)
        if not events:
            return self._nothing(context, period, "", [])
        return _list(context, period, mine or events)

    def _knows(self, asked: str) -> bool:
        return bool(asked) and bool(about(asked, self._diary.titles()))

    def _nothing(
        self, context: ToolContext, period: Period, whose: str, others: Sequence[Occurrence]
    ) -> ToolResult:
        """Nothing is on: say so, and what is on besides, or next."""
        name = wording.named(period, context.now)
        answer = f"{name}: nothing {whose}is in the calendar."
        following = self._diary.next_after(max(period.end, context.now)) if not others else None
        if others:
            answer += " Besides that:\n" + _lines(context, period, others)
        elif following:
            answer += f" The next event is on {wording.sentence(following)} [1]."
        shown = list(others) or ([following] if following else [])
        return _result(answer, f"{name}: nothing {whose}is on", shown, "nothing is on")


def _coming(now: datetime, ahead: timedelta) -> Period:
    return days(now.date(), now.date() + ahead, now, Grain.RANGE)


def _list(context: ToolContext, period: Period, events: Sequence[Occurrence]) -> ToolResult:
    name = wording.named(period, context.now)
    computed = f"{name}: {wording.counted(len(events))}"
    if len(events) > wording.MOST:
        computed += f", of which these are the first {wording.MOST}"
    answer = f"{name}:\n" if _one_day(period) else f"{computed}.\n"
    return _result(answer + _lines(context, period, events), computed, events)


def _freedom(
    context: ToolContext, period: Period, events: Sequence[Occurrence], person: str
) -> ToolResult:
    name = wording.named(period, context.now)
    who = f"{person[:1].upper()}{person[1:]} is" if person else "you are"
    taken = [event for event in events if event.blocks]
    if not taken:
        whose = f" for {person}" if person else ""
        answer = f"Yes, {who} free. {name}: no appointment{whose} is in the calendar."
        if events:
            answer += " Only this:\n" + _lines(context, period, events)
        return _result(answer, f"{name}: {who} free", events, "free")
    answer = f"No, {who} not entirely free. {name}:\n" + _lines(context, period, events)
    if _one_day(period) and (gaps := _gaps(period, taken)):
        answer += f"\nFree: {wording.joined(gaps)}."
    return _result(answer, f"{name}: {who} not free", events, "not free")


def _result(
    answer: str, computed: str, events: Sequence[Occurrence], summary: str = ""
) -> ToolResult:
    shown = enumerate(events[: wording.MOST], start=1)
    facts = [Fact(text=computed), *(wording.fact(number, event) for number, event in shown)]
    return ToolResult(
        answer=answer,
        facts=tuple(facts),
        verbatim=True,  # a list with an event left out, or yes for no, would be wrong
        summary=summary or wording.counted(len(events)),
    )


def _lines(context: ToolContext, period: Period, events: Sequence[Occurrence]) -> str:
    several = not _one_day(period)
    events = events[: wording.MOST]
    return wording.listed(events, period.start, context.now.date(), days=several)


def _one_day(period: Period) -> bool:
    return period.start.date() == period.last_day


def _gaps(period: Period, taken: Sequence[Occurrence]) -> list[str]:
    """The stretches between appointments, "12:00–14:00"."""
    start, end = period.start, period.end
    if period.grain is Grain.DAY:
        start, end = (at(period.start.date(), clock, period.start) for clock in _DAYTIME)
    gaps = []
    for event in sorted(taken, key=lambda each: each.start):
        if event.start - start >= _SHORTEST_GAP:
            gaps.append(clock_range(start, min(event.start, end)))
        start = max(start, event.end)
    if end - start >= _SHORTEST_GAP:
        gaps.append(clock_range(start, end))
    return gaps
