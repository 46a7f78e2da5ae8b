"""When an event is: the next time, or the last."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Sequence
from datetime import timedelta

from pydantic import BaseModel, Field

from hearth.core.people import Right
from hearth.core.tools import Fact, Tool, ToolContext, ToolResult
from hearth.store.pod.calendar import Title
from hearth.tools.asking import copied, direction, follows_up
from hearth.tools.calendar import wording
from hearth.tools.calendar.diary import Diary
from hearth.tools.calendar.matching import Match, matching, subject
from hearth.tools.calendar.occurrences import Occurrence
from hearth.tools.when import Period, find, without

_BACK = re.compile(r"\b(?:last|previous|latest|most recent)\b", re.IGNORECASE)
_SHOWN = 3
_NEAR = timedelta(days=100)


class FindArguments(BaseModel):
    """The member's own words."""

    about: str = Field("", description='the event as asked: "parents\' evening", "dentist"')


class EventFinder:
    """The tool that says when something is."""

    def __init__(self, diary: Diary) -> None:
        self._diary = diary

    def tool(self) -> Tool:
        """Its declaration."""
        return Tool(
            name="calendar_find",
            description="when a named event, birthday or appointment is next, or was last",
            arguments=FindArguments,
            examples=(
                "When is the next parents' evening?",
                "When is the next birthday?",
                "When is the maths test?",
                "When do we go to the dentist?",
                "When was the last haircut?",
                "What time does swim training start?",
                "When do the school holidays begin?",
                "Where does the chess club meet next?",
                "How many days until the wedding?",
                "When is our next meeting with the bank?",
            ),
            right=Right.ASK,
            run=self.run,
        )

    async def run(self, context: ToolContext, arguments: BaseModel) -> ToolResult:
        """Find the named event's next or last time."""
        said = FindArguments.model_validate(arguments.model_dump())
        return await asyncio.to_thread(self._answer, context, said)

    def _answer(self, context: ToolContext, said: FindArguments) -> ToolResult:
        found = find(context.request, context.now, direction(context.request))
        request = without(context.request, found.pieces) if found else context.request
        match = self._named(context, said, request)
        if match is None:
            return _unknown(copied(said.about, context.request) or subject(request))
        ids = frozenset(title.id for title in match.events)
        if found and (events := self._within(ids, found.period)):
            return _result(context, match, events, back=False)
        back = bool(_BACK.search(context.request)) or direction(context.request) == "past"
        look, other = self._diary.coming, self._diary.gone
        if back:
            look, other = other, look
        if events := look(ids, context.now, _SHOWN):
            return _result(context, match, _near(events), back=back)
        return _other_way(match.asked, other(ids, context.now, 1), back=back)

    def _named(
        self, context: ToolContext, said: FindArguments, request: str
    ) -> Match[Title] | None:
        """The first reading of what was asked that names events."""
        texts = [copied(said.about, context.request), request]
        if follows_up(context):
            texts += [copied(said.about, *context.recent), *reversed(context.recent)]
        titles = self._diary.titles()
        matches = (matching(text, titles) for text in texts if text)
        return next((match for match in matches if match), None)

    def _within(self, ids: frozenset[int], period: Period) -> list[Occurrence]:
        events = self._diary.between(period.start, period.end)
        return [event for event in events if event.item in ids][:_SHOWN]


def _near(events: Sequence[Occurrence]) -> list[Occurrence]:
    """The first, and those that are not far from it."""
    first = events[0].start
    return [event for event in events if abs(event.start - first) <= _NEAR]


def _result(
    context: ToolContext, match: Match[Title], events: Sequence[Occurrence], *, back: bool
) -> ToolResult:
    first, *others = events
    further = "Before that" if back else "After that"
    happens = f"{_happens(first, context)} ({wording.distance(first, context.now)})"
    told = [f"{each.summary}, {_described(each)}" for each in others]
    answer = f"{happens} [1]."
    if others:
        more = (f"{text} [{number}]" for number, text in enumerate(told, start=2))
        answer += f" {further}: {'; '.join(more)}."
    if not match.exact:
        answer = f"Nothing is called “{match.asked}”; the nearest to it: {answer}"
    evidence = zip([happens, *(f"{further}: {text}" for text in told)], events, strict=True)
    return ToolResult(
        answer=answer,
        facts=tuple(
            Fact(text=text, citation=wording.citation(number, each))
            for number, (text, each) in enumerate(evidence, start=1)
        ),
        summary=wording.sentence(first),
        verbatim=bool(others) or not match.exact,
    )


def _unknown(asked: str) -> ToolResult:
    named = f" about “{asked}”" if asked else " like that"
    return ToolResult(
        answer=f"I don't know: there is no event{named} in the calendar.",
        found=False,
        summary="no event",
    )


def _other_way(asked: str, events: Sequence[Occurrence], *, back: bool) -> ToolResult:
    """Nothing lies the way that was asked for: the nearest the other way."""
    way, nearest = ("past", "next") if back else ("coming", "last")
    answer = f"There is no {way} event for “{asked}” in the calendar."
    if events:
        answer += f" The {nearest} one: {wording.sentence(events[0])} [1]."
    facts = [
        wording.fact(n, each, f"The {nearest} one: ") for n, each in enumerate(events, start=1)
    ]
    return ToolResult(answer=answer, facts=tuple(facts), summary=f"none {way}", verbatim=True)


def _happens(event: Occurrence, context: ToolContext) -> str:
    if event.start.date() != wording.last_day(event):
        return f"{event.summary}: {_described(event)}"
    verb = "was" if event.end <= context.now else "is"
    return f"{event.summary} {verb} on {_described(event)}"


def _described(event: Occurrence) -> str:
    place = f" at {event.location}" if event.location else ""
    return f"{wording.moment(event)}{place}"
